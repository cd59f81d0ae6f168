"""What every tokenizer file begins with."""

from __future__ import annotations

from typing import Any

from edgeword.errors import TokenizerError

FORMAT = "edgeword-tokenizer"
VERSION = 1


def header() -> dict[str, Any]:
    """The keys that all kinds of tokenizers have."""
    return {"format": FORMAT, "version": VERSION}


def options_of(data: Any) -> dict[str, Any]:
    """The other keys; TokenizerError for a file of another format, or of a version that is newer."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise TokenizerError(f"tokenizer: not in edgeword's format; 'format' must be {FORMAT!r}")
    version = data.get("version")
    if type(version) is not int or version < 1:
        raise TokenizerError(f"tokenizer: version must be a positive integer, not {version!r}")
    if version > VERSION:
        raise TokenizerError(
            f"tokenizer: version {version} is newer than {VERSION}, the newest read here; "
            "run pip install --upgrade edgeword"
        )
    return {key: value for key, value in data.items() if key not in header()}
