"""The errors that edgeword raises: each says what is wrong, where, and how to mend it."""


class EdgewordError(Exception):
    """Parent of every error that edgeword raises on purpose."""

    exit_code = 2


class EdgewordWarning(UserWarning):
    """Something is not as it was given: a variant that is not used here, a text that holds markers."""


class BundleError(EdgewordError, ValueError):
    """A bundle is missing, damaged, or written for another version."""


class SignatureError(BundleError):
    """A bundle was not signed with the key that is trusted."""

    exit_code = 1


class TokenizerError(EdgewordError, ValueError):
    """A tokenizer file or setting cannot be used."""


class UsageError(EdgewordError, ValueError):
    """An argument or an option is out of its range."""


class InputFileError(EdgewordError, OSError):
    """A file cannot be read or written."""


class EngineError(EdgewordError, RuntimeError):
    """An engine cannot load or run a variant."""


class MissingEngineError(EngineError, ImportError):
    """No installed engine can run the variant that was asked for."""


class GateError(EdgewordError, RuntimeError):
    """A variant was measured and found outside its gate."""

    exit_code = 1


def first_line(error: BaseException) -> str:
    """What an error of somebody else's says first."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def described(error: BaseException) -> str:
    """The kind of somebody else's error, and what it says first."""
    kind, said = type(error).__name__, first_line(error)
    return kind if said == kind else f"{kind}: {said}"
