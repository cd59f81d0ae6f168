"""Files that a user names: regular ones, and no larger than their kind may be. Each is read by one table of limits."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from edgeword.errors import InputFileError
from edgeword.frozen import frozen


@frozen
class Kind:
    """What a file is, in an error's words, and how many bytes it has at most."""

    name: str
    most: int


KEY = Kind("the key", 1 << 16)
ALLOW = Kind("--allow", 16 << 20)
DENY = Kind("--deny", 16 << 20)
ANSWERS = Kind("the answers", 16 << 20)
JOURNAL = Kind("the journal", 64 << 20)
"""Of `bulk`, with the words of --allow and --deny in it."""
TEXT = Kind("the text", 64 << 20)
"""Of `evaluate`: of a longer one so much is read, if its first lines are asked for."""
TOKENIZER = Kind("the tokenizer", 256 << 20)
"""As others keep theirs, with counts and statistics."""
RESULT = Kind("the result", 256 << 20)
"""Of `benchmark --json`, with every raw time."""
RUN = Kind("the run's file", 1 << 30)
"""With the ids of all that was held out."""


def open_regular(path: str | os.PathLike[str], kind: Kind) -> BinaryIO:
    """Open a regular file, or a link to one, at once; InputFileError for a pipe, a device, a folder, or none."""
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 (the caller's; pathlib takes 4 ms)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(path, kind, getattr(error, "strerror", None) or error) from None
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise _unreadable(path, kind, "it is not a regular file")


def read_bounded(path: str | os.PathLike[str], kind: Kind) -> bytes:
    """All bytes of a regular file; InputFileError also for one that is larger than its kind may be, unread."""
    with open_regular(path, kind) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            content = b"" if size > kind.most else file.read(kind.most + 1)
        except OSError as error:
            raise _unreadable(path, kind, error.strerror) from None
    if size > kind.most or len(content) > kind.most:  # files of /proc have no size
        raise InputFileError(
            f"{os.fspath(path)} has more than {kind.most:,} bytes, and {kind.name} may have no more; name another file"
        )
    return content


def read_text(path: str | os.PathLike[str], kind: Kind) -> str:
    """The same as text, without a byte order mark; InputFileError for what is not UTF-8."""
    try:
        return read_bounded(path, kind).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError(
            f"{os.fspath(path)}: {kind.name} is not UTF-8 (at {error.start}); convert it with iconv"
        ) from None


def _unreadable(path: str | os.PathLike[str], kind: Kind, why: object) -> InputFileError:
    return InputFileError(f"cannot read {kind.name} {os.fspath(path)}: {why}; name another file")


def _without_waiting(path: str, flags: int) -> int:
    """A pipe that nobody writes into would be waited for, for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
