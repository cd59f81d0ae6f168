"""Files that a user names: regular ones, and no larger than their kind may be."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO

from edgeword.errors import InputFileError
from edgeword.frozen import frozen


@frozen
class Kind:
    """What a file is, in an error's words, and how many bytes it has at most."""

    name: str
    most: int


# The table; docs/commands.md shows it.
KEY = Kind("the key", 1 << 16)
ALLOW = Kind("--allow", 16 << 20)
DENY = Kind("--deny", 16 << 20)
ANSWERS = Kind("--says", 16 << 20)
JOURNAL = Kind("the journal", 64 << 20)
"""Of `bulk`, with the words of --allow and --deny in it."""
TEXT = Kind("the text", 64 << 20)
"""Of `evaluate`: of a longer one so much is read, if its first lines are asked for."""
TRIALS = Kind("the trials", 1 << 20)
"""That a machine remembers of a bundle's variants."""
TOKENIZER = Kind("the tokenizer", 256 << 20)
"""As others keep theirs, with counts and statistics."""
RESULT = Kind("the result of benchmark --json", 256 << 20)
"""Of `benchmark --json`, with every raw time."""
RUN = Kind("a file of the run", 1 << 30)
"""With the ids of all that was held out."""


def legible(text: str) -> str:
    """What came from the system (a path, an argument) as UTF-8 has it, whatever encoding the locale names.

    Python reads it in that encoding: in the C locale each byte of an `é` is a surrogate of its own. What is no UTF-8
    either stays as it is.
    """
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which stands for no byte
        return text


def writable(name: str) -> str:
    """A file's name as a text that can be written in UTF-8: bytes that are none are escaped."""
    return legible(name).encode("utf-8", "backslashreplace").decode("utf-8")


def open_regular(path: str | os.PathLike[str], name: str) -> BinaryIO:
    """Open a regular file, or a link to one, at once; InputFileError for a pipe, a device, a folder, or none."""
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 (the caller's)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(path, name, error) from None
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise InputFileError(f"cannot read {name} {os.fspath(path)}: it is not a regular file; name another one")


def read_bounded(path: str | os.PathLike[str], kind: Kind) -> bytes:
    """All bytes of a regular file; InputFileError also for one that is larger than its kind may be, hardly read."""
    with open_regular(path, kind.name) as file:
        if os.fstat(file.fileno()).st_size > kind.most:
            raise _too_large(path, kind)
        try:
            content = file.read(kind.most + 1)  # files of /proc have no size, and others grow
        except OSError as error:
            raise _unreadable(path, kind.name, error) from None
    if len(content) > kind.most:
        raise _too_large(path, kind)
    return content


def read_text(path: str | os.PathLike[str], kind: Kind) -> str:
    """The same as text, without a byte order mark; InputFileError for what is not UTF-8."""
    return _decoded(read_bounded(path, kind), 0, path, kind)


def lines_of(path: str | os.PathLike[str], kind: Kind) -> Iterator[str]:
    """Lines of text with their ends, LF, CR LF or CR, read as they are asked for; raises as `read_text` does.

    A file may be larger, if no more is asked for than its kind may have.
    """
    read = 0
    with open_regular(path, kind.name) as file:
        while line := file.readline(kind.most + 1 - read):
            text = _decoded(line, read, path, kind)
            read += len(line)
            if read > kind.most:
                raise _too_large(path, kind)
            yield from io.StringIO(text, newline=None)


def _decoded(content: bytes, place: int, path: str | os.PathLike[str], kind: Kind) -> str:
    """As text what stands at a place of a file."""
    try:
        return content.decode("utf-8" if place else "utf-8-sig")
    except UnicodeDecodeError as error:
        at = place + error.start
        raise InputFileError(f"{os.fspath(path)}: {kind.name} is not UTF-8 (at {at}); convert it with iconv") from None


def _too_large(path: str | os.PathLike[str], kind: Kind) -> InputFileError:
    return InputFileError(
        f"{os.fspath(path)} has more than {kind.most:,} bytes, and {kind.name} may have no more; give a part of it"
    )


def _unreadable(path: str | os.PathLike[str], name: str, error: Exception) -> InputFileError:
    return InputFileError(
        f"cannot read {name} {os.fspath(path)}: {getattr(error, 'strerror', None) or error}; name another file"
    )


def _without_waiting(path: str, flags: int) -> int:
    """A pipe that nobody writes into would be waited for, for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
