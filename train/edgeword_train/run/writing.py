"""Files of a run, written so that a crash leaves the old one or the new one."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgeword.errors import InputFileError
from edgeword.files import taking_place


@contextlib.contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A path beside `file`, with its suffix, to write to; it takes the place of `file` at the end."""
    partial = file.with_name(f".partial-{file.name}")
    try:
        partial.unlink(missing_ok=True)  # what a killed run left, or a link to elsewhere
        with taking_place(partial, file):
            yield partial
    except OSError as error:
        raise unwritable(file, error) from None


def unwritable(path: Path, error: OSError) -> InputFileError:
    """The error for a place that cannot be written, with the command that goes on when it can."""
    reason = error.strerror or error
    return InputFileError(f"cannot write {path}: {reason}; free some space, then: edgeword train --resume RUN")


def write_bytes(file: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(file) as partial:
        partial.write_bytes(content)


def write_text(file: Path, content: str) -> None:
    """Write a UTF-8 file whole or not at all."""
    write_bytes(file, content.encode("utf-8"))


def write_record(file: Path, record: Any) -> None:
    """Write a dataclass as a JSON file, whole or not at all."""
    write_bytes(file, record_bytes(record))


def record_bytes(record: Any) -> bytes:
    """A dataclass as JSON."""
    text = json.dumps(asdict(record), ensure_ascii=False, allow_nan=False) + "\n"
    # Bytes of a path that the locale has no letters for are surrogates, and `\udcc3` is what JSON has for one.
    return text.encode("utf-8", "backslashreplace")


def removed(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
