"""What is too large for the memory: a temporary file without a name."""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO

from edgeword.errors import InputFileError


class Scratch:
    """In the folder that `TMPDIR` names; gone with the process, or when nobody holds it any longer."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 (closed below)
        self.close = weakref.finalize(self, _closed, self.file)

    def write(self, content: bytes) -> None:
        """Add to its end; InputFileError where there is no room."""
        with _room():
            self.file.write(content)

    def flush(self) -> None:
        """Let what was written be read by its place."""
        with _room():
            self.file.flush()


def _closed(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):  # what did not fit cannot be written now either
        file.close()


@contextlib.contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputFileError(
            f"cannot write to {tempfile.gettempdir()}: {error.strerror}; free some space, or set TMPDIR"
        ) from None
