"""The file of lines, open: what stands there already is compared, what comes after it is written, whole lines only."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeword.errors import InputFileError
from edgeword.files import flush
from edgeword.interruption import deferred


class Output:
    """A file that one run writes. Lines between `start` and `end` stand there already, and must come again.

    What follows `end` (a torn line) is dropped before the first line is written behind it. Where writing fails, the
    lines that were written whole stay. Raises InputFileError, which says how to go on.
    """

    def __init__(self, path: Path, descriptor: int, start: int = 0, end: int = 0) -> None:
        self._path, self._descriptor = path, descriptor
        self._compared, self._end = start, end
        self._is_cut = False

    def write(self, content: bytes) -> None:
        """Write whole lines, as far as they do not stand there; raises InputFileError."""
        known = content[: self._end - self._compared]
        if known and os.pread(self._descriptor, len(known), self._compared) != known:
            raise InputFileError(
                f"{self._path} holds other words than this run says (in the line at byte {self._compared} or behind "
                "it); go on with the same bundle, options and edgeword, or choose another --out"
            )
        self._compared += len(known)
        if len(known) < len(content):
            self._append(content[len(known) :])

    def _append(self, content: bytes) -> None:
        with deferred(), self._explained():
            self._cut()
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.pwrite(self._descriptor, rest, self._end + len(content) - len(rest)) :]
            except BaseException:
                os.ftruncate(self._descriptor, self._end)
                raise
        self._compared = self._end = self._end + len(content)

    def finish(self) -> None:
        """Wait until all of it is on the disk; raises InputFileError."""
        with self._explained():
            self._cut()
            os.fsync(self._descriptor)
            flush(self._path.absolute().parent)

    def _cut(self) -> None:
        if not self._is_cut:
            os.ftruncate(self._descriptor, self._end)
            self._is_cut = True

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise InputFileError(
                f"cannot write {self._path}: {reason}; free some space and go on with --resume"
            ) from None


@contextmanager
def locked_output(path: Path, *, resume: bool) -> Iterator[int]:
    """The descriptor of a file of one's own, new unless a run is resumed; raises InputFileError.

    It is locked as long as it is open: two runs that write one file would tear it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | (0 if resume else os.O_EXCL), 0o666)
    except FileExistsError:
        raise exists(path) from None
    except OSError as error:
        raise InputFileError(f"cannot write {path}: {error.strerror}; choose another --out") from None
    try:
        _lock(path, descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(path: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputFileError(f"{path} is being written by another run; wait for it, or choose another --out") from None
    except OSError:  # a file system without locks
        return


def exists(path: Path) -> InputFileError:
    """What is raised for a file that would be overwritten."""
    return InputFileError(f"{path} exists; go on with --resume, choose another --out or remove it first")
