"""Read the text that a model is trained on: built-in corpora and files of UTF-8 text."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from edgeword.errors import InputFileError, UsageError
from edgeword_train.data.corpora.built_in import CORPORA, CORPUS_NAMES, read_corpus


def read_texts(sources: Sequence[str | os.PathLike[str]]) -> list[str]:
    """The stripped, non-empty lines of files and built-in corpora; InputFileError or UsageError if none."""
    if not sources:
        raise UsageError(f"No text to train on; give a UTF-8 text file or a built-in corpus: {CORPUS_NAMES}.")
    return [line for source in sources for line in read_source(os.fspath(source))]


def read_source(source: str) -> list[str]:
    """The lines of one source; a file goes before the built-in corpus of the same name."""
    if source in CORPORA and not Path(source).is_file():
        return read_corpus(source)
    text = decode(read_bytes(source), source)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise UsageError(
            f"No line of {source!r} holds text; give a file with text or a built-in corpus: {CORPUS_NAMES}."
        )
    return lines


def read_bytes(source: str) -> bytes:
    """The bytes of a file, or InputFileError."""
    try:
        return Path(source).read_bytes()
    except FileNotFoundError as error:
        raise InputFileError(
            f"There is no file {source!r}; give a UTF-8 text file or a built-in corpus: {CORPUS_NAMES}."
        ) from error
    except IsADirectoryError as error:
        raise InputFileError(f"{source!r} is a folder; name the text files in it one by one.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputFileError(f"Cannot read {source!r}: {reason}; check the path and its permissions.") from error


def decode(data: bytes, source: str) -> str:
    """UTF-8 as text, without a byte order mark; UsageError names the first byte that is no text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8(data, error.start, source) from error
    if "\0" in text:
        raise not_utf8(data, data.index(0), source)
    return text.removeprefix("\ufeff")


def not_utf8(data: bytes, offset: int, source: str) -> UsageError:
    """The error for a byte that UTF-8 text does not hold, with the command that converts the file."""
    encoding = "UTF-16" if b"\0" in data or data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "ISO-8859-1"
    # A line break in a file's name stays visible here, so that the message is one line.
    name = shlex.quote(source).encode("unicode_escape").decode("ascii")
    return UsageError(
        f"{source!r} is not UTF-8 text: byte {offset} is 0x{data[offset]:02X}; "
        f"if it is {encoding}, convert it with: iconv -f {encoding} -t UTF-8 {name} > utf8.txt"
    )
