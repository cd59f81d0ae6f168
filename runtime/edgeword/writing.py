"""New folders, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edgeword.bundle import MANIFEST_FILE
from edgeword.errors import InputFileError
from edgeword.manifest import Manifest


def check_output(path: str | os.PathLike[str]) -> Path:
    """The folder to be written, which must not exist yet and whose parent must be writable."""
    out = Path(path)
    if os.path.lexists(out):  # Path.exists raises for a name that is too long
        raise InputFileError(f"{out} exists; choose another --out or remove it first")
    parent = out.absolute().parent
    if not parent.is_dir():
        raise InputFileError(f"cannot write {out}: the folder {parent} does not exist; make it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise InputFileError(f"cannot write {out}: no permission in {parent}; choose another --out")
    return out


def write_bundle(path: str | os.PathLike[str], manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Write a new bundle so that a crash leaves either nothing or all of it at `path`."""
    write_folder(path, {**files, MANIFEST_FILE: manifest.to_json().encode("utf-8")})


def write_folder(path: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Write files into a new folder beside `path`, flush them to the disk, then give it its name."""
    out = check_output(path)
    try:
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.absolute().parent))
        try:
            for name, content in files.items():
                _write_flushed(staging / name, content)
            staging.chmod(0o755)
            flush(staging)
            staging.rename(out)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        flush(out.absolute().parent)
    except OSError as error:
        raise InputFileError(
            f"cannot write {out}: {error.strerror or error}; free some space or choose another --out"
        ) from None


def _write_flushed(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def flush(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
