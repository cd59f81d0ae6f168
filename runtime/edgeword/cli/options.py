"""Options that several commands take."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TypedDict

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.trust import trust_in
from edgeword.choice.choosing import PRECISION_CHOICES, PrecisionChoice
from edgeword.cli.terminal import complain
from edgeword.engines.engine import ENGINES, EngineChoice
from edgeword.engines.quiet import native_stderr_to_null
from edgeword.errors import EdgewordWarning, UsageError
from edgeword.input_files import legible
from edgeword.language_model import LanguageModel, load

LONGEST_PROMPT = 1 << 20
"""In bytes, as of a line of `bulk`."""


def positive(text: str) -> int:
    """A whole number of at least 1."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def add_choice_of_variant(parser: argparse.ArgumentParser) -> None:
    """`--engine`, `--precision` and `--threads`."""
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto", help="default: auto")
    parser.add_argument(
        "--precision",
        choices=PRECISION_CHOICES,
        default="auto",
        metavar="PRECISION",
        help=f"{', '.join(PRECISION_CHOICES)}; default: auto, the most faithful",
    )
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="default: 1")


def add_trust(parser: argparse.ArgumentParser) -> None:
    """`--trusted-key` and `--minimum-release`."""
    parser.add_argument("--trusted-key", metavar="FILE", help="refuse a bundle that was not signed with this PEM key")
    parser.add_argument(
        "--minimum-release", type=positive, metavar="N", help="with --trusted-key: refuse an older release, and none"
    )


class TrustKeywords(TypedDict):
    """What `load` and `trust_in` take."""

    trusted_key: str | None
    minimum_release: int | None


def trust_keywords(arguments: argparse.Namespace) -> TrustKeywords:
    """Of the options that `add_trust` added."""
    return {"trusted_key": arguments.trusted_key, "minimum_release": arguments.minimum_release}


def trusted_bundle(arguments: argparse.Namespace) -> Bundle:
    """The bundle, opened, if it is one that may be."""
    return Bundle(arguments.bundle, trust_in(**trust_keywords(arguments)))


def add_decode(parser: argparse.ArgumentParser) -> None:
    """`--decode`."""
    parser.add_argument("--decode", choices=("auto", "step", "window"), default="auto", help="refuse another mode")


def check_decode(arguments: argparse.Namespace) -> None:
    """Raise UsageError for a bundle of another decode mode than the one that was asked for."""
    if arguments.decode == "auto":
        return
    manifest = trusted_bundle(arguments).manifest
    mode = manifest.spec.decode.mode
    if arguments.decode != mode:
        raise UsageError(
            f"the bundle decodes by {mode}: {manifest.proof.reason}; "
            f"for another mode: edgeword export MODEL --decode {arguments.decode}"
        )


def load_for(arguments: argparse.Namespace) -> LanguageModel:
    """The bundle with the variant that the options ask for, as `load_quietly` loads it."""
    return load_quietly(
        arguments.bundle, arguments.engine, arguments.precision, arguments.threads, **trust_keywords(arguments)
    )


def load_quietly(
    bundle: str,
    engine: EngineChoice,
    precision: PrecisionChoice,
    threads: int,
    *,
    trusted_key: str | os.PathLike[str] | None = None,
    minimum_release: int | None = None,
) -> LanguageModel:
    """Load, without the engine's own lines on standard error, and with a line for each variant that is refused."""
    with warnings_as_lines(), native_stderr_to_null():
        return load(bundle, engine, precision, threads, trusted_key=trusted_key, minimum_release=minimum_release)


@contextlib.contextmanager
def warnings_as_lines() -> Iterator[None]:
    """EdgewordWarnings as lines on standard error, at the end, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EdgewordWarning)
        yield
    said: dict[str, None] = {}
    for warning in caught:
        if issubclass(warning.category, EdgewordWarning):
            said.setdefault(str(warning.message))
        else:
            warnings.showwarning(warning.message, warning.category, warning.filename, warning.lineno)
    for line in said:
        complain(line)


def given_or_read(given: str | None, name: str) -> str:
    """An argument, or standard input to its end where it was left out; raises UsageError for what is not UTF-8."""
    if given is not None:
        return utf8(given, name)
    if sys.stdin is None:
        raise UsageError(f"there is neither a {name} nor a standard input; give the {name} after the bundle")
    if sys.stdin.isatty():
        complain(f"reads the {name} from the keyboard, up to Ctrl-D")
    try:
        return _standard_input(name).decode("utf-8").strip("\r\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"the {name} is not UTF-8 (at {error.start}); convert it with iconv") from None


def _standard_input(name: str) -> bytes:
    content = sys.stdin.buffer.read(LONGEST_PROMPT + 1)
    if len(content) > LONGEST_PROMPT:
        raise UsageError(f"the {name} is longer than {LONGEST_PROMPT} bytes; give its end alone: tail -c 10000")
    return content


def utf8(text: str, name: str) -> str:
    """An argument as text; raises UsageError where its bytes are not UTF-8."""
    said = legible(text)
    try:
        said.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"the {name} is not UTF-8 (at {error.start}); convert it with iconv") from None
    return said
