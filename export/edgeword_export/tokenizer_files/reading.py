"""A tokenizer from whatever its owner has: a file of any kind, or an object in Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from edgeword.errors import TokenizerError
from edgeword.input_files import TOKENIZER, read_bounded
from edgeword.records import RecordError, parse_json
from edgeword.tokenizers.foreign import from_json, read_tokenizer
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.tokenizer_files import arrays, vocabularies
from edgeword_export.tokenizer_files.finding import found_in
from edgeword_export.tokenizer_files.pickled_objects import PickledTokenizer
from edgeword_export.tokenizer_files.pickles import unpickled

_PICKLE_SUFFIXES = (".pkl", ".pickle", ".pk", ".p", ".joblib")
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def read_any_tokenizer(source: Any) -> AnyTokenizer:
    """Tokenizer of a file (JSON, a pickle, `.npy`, one token per line) or of a live object; no code of it is run.

    Raises InputFileError for a file that cannot be read, TokenizerError, naming the file, for one that is not
    understood.
    """
    if not isinstance(source, (str, os.PathLike)):
        from edgeword_export.tokenizer_files.live import from_live

        return from_live(source)
    path = Path(source)
    content = read_bounded(path, TOKENIZER)
    try:
        return _understood(path, content)
    except TokenizerError as error:
        raise TokenizerError(str(error) if str(path) in str(error) else f"{path}: {error}") from None


def _understood(path: Path, content: bytes) -> AnyTokenizer:
    if content.startswith(_LFS_POINTER):
        raise TokenizerError("is a Git-LFS pointer, not the tokenizer itself; fetch it with: git lfs pull")
    if content.startswith(arrays.MAGIC):
        return _of_value(arrays.array_value(content))
    # Protocols 2 and later begin with the number of theirs.
    if content[:1] == b"\x80" or path.suffix.lower() in _PICKLE_SUFFIXES:
        return _of_value(unpickled(content))
    data = _json(content)
    return read_tokenizer(path) if data is None else _of_json(data, content)


def _json(content: bytes) -> Any:
    """An object or a list in JSON, also one inside a JSON string; None for anything else."""
    try:
        data = parse_json(content.decode("utf-8-sig"))
        data = parse_json(data) if isinstance(data, str) else data
    except (RecordError, UnicodeDecodeError):
        return None
    return data if isinstance(data, (dict, list)) else None


def _of_json(data: Any, content: bytes) -> AnyTokenizer:
    if isinstance(data, dict) and ("format" in data or data.get("class_name") == "Tokenizer"):
        return from_json(content.decode("utf-8-sig"))
    return _of_value(data)


def _of_value(value: Any) -> Tokenizer:
    found = found_in(value)
    if isinstance(found, PickledTokenizer):
        return vocabularies.from_attributes(found.attributes)
    return vocabularies.from_ids(found) if isinstance(found, dict) else vocabularies.from_list(found)
