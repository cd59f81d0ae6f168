"""Where converters put what they need for a while: one folder a command, gone with it however it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator

from edgeword.errors import InputFileError
from edgeword.interruption import deferred


@contextlib.contextmanager
def scratch_folder() -> Iterator[None]:
    """Put all temporary files of this process, and of those that it starts, into a folder that is removed.

    Raises InputFileError where there can be none.
    """
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    try:
        folder = tempfile.mkdtemp(prefix="edgeword-")
    except OSError as error:
        raise InputFileError(
            f"no temporary folder ({error.strerror or error}); set TMPDIR to a folder with space"
        ) from None
    try:
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        yield
    finally:
        with deferred():
            _put_back(*before)
            shutil.rmtree(folder, ignore_errors=True)


def _put_back(folder: str | None, variable: str | None) -> None:
    tempfile.tempdir = folder
    if variable is None:
        del os.environ["TMPDIR"]
    else:
        os.environ["TMPDIR"] = variable
