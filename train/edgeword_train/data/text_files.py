"""The lines of UTF-8 text, of JSON lines, and of either compressed; a file is read once, line by line."""

from __future__ import annotations

import contextlib
import gzip
import os
import shlex
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, cast

from edgeword.errors import InputFileError, UsageError
from edgeword.records import RecordError, parse_json
from edgeword_train.data.corpora.built_in import CORPUS_NAMES, read_corpus
from edgeword_train.data.sources import STANDARD_INPUT, files_of, is_built_in

# A line is held in memory, and its tokens with it.
LONGEST_LINE = 1 << 22
DEFAULT_FIELD = "text"
_BYTE_ORDER_MARK = "\ufeff"

Read = Callable[[int], object]
"""Is told how many bytes of a file were read, compressed as they are."""


def read_texts(sources: Sequence[str | os.PathLike[str]], field: str | None = None) -> Iterator[str]:
    """All lines of files, folders and built-in corpora, read as they are asked for; see `lines_of`."""
    return (line for file in files_of(sources) for line in lines_of(file, field))


def lines_of(file: str, field: str | None = None, read: Read = lambda _bytes: None) -> Iterator[str]:
    """The stripped, non-empty lines of a file, of standard input (`-`) or of a built-in corpus, one after the other.

    Of JSON lines the text is that of `field`. InputFileError or UsageError names the file, and the line or the byte,
    of what is no text; so does a source without a line of text.
    """
    found = False
    for line in _built_in(file) if is_built_in(file) else _lines(file, field, read):
        found = True
        yield line
    if not found:
        raise UsageError(f"No line of {file!r} holds text; give a file with text or a built-in corpus: {CORPUS_NAMES}.")


def _built_in(name: str) -> Iterator[str]:
    return iter(read_corpus(name))


def _lines(file: str, field: str | None, read: Read) -> Iterator[str]:
    is_json = file.lower().removesuffix(".gz").endswith(".jsonl") or (file == STANDARD_INPUT and field is not None)
    for number, raw in enumerate(_raw_lines(file, read), 1):
        text = _field(raw, field or DEFAULT_FIELD, file, number) if is_json and raw.strip() else raw
        yield from (line.strip() for line in text.splitlines() if line.strip())


def _raw_lines(file: str, read: Read) -> Iterator[str]:
    """What stands between line feeds, as text."""
    offset = 0
    with _reading(file), _opened(file) as (stream, place):
        while line := stream.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise UsageError(
                    f"{_shown(file)} has a line of more than {LONGEST_LINE:,} bytes (from byte {offset} on); "
                    f"break it up, with: fold -s -w 10000 {shlex.quote(file)} > lines.txt"
                )
            yield _decoded(line, file, offset)
            offset += len(line)
            read(place())


@contextlib.contextmanager
def _opened(file: str) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
    """The bytes of a file, no longer compressed, and how many were read of it as it is."""
    if file == STANDARD_INPUT:
        yield sys.stdin.buffer, lambda: 0
        return
    with Path(file).open("rb") as raw:
        if file.lower().endswith(".gz"):
            with gzip.open(raw) as stream:
                yield cast("IO[bytes]", stream), raw.tell
        else:
            yield raw, raw.tell


@contextlib.contextmanager
def _reading(file: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InputFileError(
            f"There is no file {file!r}; give a UTF-8 text file or a built-in corpus: {CORPUS_NAMES}."
        ) from error
    except EOFError as error:
        raise InputFileError(f"{_shown(file)} is cut off: its compressed data does not end; copy it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputFileError(f"{_shown(file)} is damaged, or no gzip file ({error}); copy it again.") from error
    except (InputFileError, UsageError):
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputFileError(f"Cannot read {file!r}: {reason}; check the path and its permissions.") from error


def _decoded(line: bytes, file: str, offset: int) -> str:
    """UTF-8 as text, without a byte order mark; UsageError names the first byte that is no text."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(line, error.start, file, offset) from error
    if "\0" in text:
        raise _not_utf8(line, line.index(0), file, offset)
    return text if offset else text.removeprefix(_BYTE_ORDER_MARK)


def _not_utf8(line: bytes, place: int, file: str, offset: int) -> UsageError:
    """The error for a byte that UTF-8 text does not hold, with the command that converts the file."""
    wide = b"\0" in line or line[:2] in {b"\xff\xfe", b"\xfe\xff"}
    encoding = "UTF-16" if wide else "ISO-8859-1"
    return UsageError(
        f"{file!r} is not UTF-8 text: byte {offset + place} is 0x{line[place]:02X}; "
        f"if it is {encoding}, convert it with: iconv -f {encoding} -t UTF-8 {_shown(file)} > utf8.txt"
    )


def _field(line: str, field: str, file: str, number: int) -> str:
    """The text of a JSON line; UsageError names the line where there is none."""
    try:
        data = parse_json(line)
    except RecordError as error:
        raise UsageError(f"line {number} of {_shown(file)} is no JSON ({error}); mend it or leave it out") from None
    if not isinstance(data, dict) or not isinstance(data.get(field), str):
        names = (
            ", ".join(key for key, value in data.items() if isinstance(value, str)) if isinstance(data, dict) else ""
        )
        raise UsageError(
            f"line {number} of {_shown(file)} has no text in a field {field!r}; "
            f"name the field with --field (it has text in: {names or 'none'})"
        )
    text: str = data[field]
    return text


def _shown(file: str) -> str:
    """A file's name for a shell; a line break in it stays visible, so that a message is one line."""
    name = "standard input" if file == STANDARD_INPUT else shlex.quote(file)
    return name.encode("unicode_escape").decode("ascii")
