"""Folders and files, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from edgeword.errors import InputFileError
from edgeword.interruption import check, deferred


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


def check_output_file(path: str | os.PathLike[str]) -> Path:
    """The file to be written, or to be replaced; it and its folder must be writable."""
    out = Path(path)
    try:
        folder = out.resolve().parent
    except (OSError, RuntimeError):  # a loop of links: an OSError from Python 3.13 on
        raise InputFileError(f"cannot write {out}: its links lead nowhere; name another file") from None
    if not folder.is_dir():
        raise InputFileError(f"cannot write {out}: the folder {folder} does not exist; make it first")
    if out.is_dir():
        raise InputFileError(f"cannot write {out}: it is a folder; name a file in it")
    is_special = out.exists() and not out.is_file()
    places = [*([out] if out.exists() else []), *([] if is_special else [folder])]
    locked = [place for place in places if not os.access(place, os.W_OK)]
    if locked:
        raise InputFileError(f"cannot write {out}: no permission for {locked[0]}; name another file")
    return out


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write one file, or replace it, so that a crash leaves the old one or the new one, whole.

    What a link points to is replaced, not the link; what is no regular file (a pipe, /dev/null) is written into.
    """
    out = check_output_file(path)
    try:
        if out.exists() and not out.is_file():
            out.write_bytes(content)
        else:
            _replace(out.resolve(), content)
    except OSError as error:
        raise _unwritable(out, error) from None


def _replace(out: Path, content: bytes) -> None:
    check()
    with deferred():
        _replace_whole(out, content)


def _replace_whole(out: Path, content: bytes) -> None:
    partial = _beside(out)
    # Nobody reads of the new content what they could not read of the old one.
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if out.exists() else 0o666)
    with taking_place(partial, out), os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _beside(out: Path) -> Path:
    """A name that nobody has guessed and put a link under; what is made there has to be new all the same."""
    return out.absolute().parent / f".{out.name}.{os.urandom(4).hex()}"


@contextlib.contextmanager
def taking_place(partial: Path, file: Path) -> Iterator[None]:
    """Let what is written to `partial` take the place of `file` at the end, flushed; else nothing of it stays.

    Whoever may read and write the file may do so afterwards; a new one is as the umask has it.
    """
    try:
        yield
        with deferred():
            if file.exists():
                partial.chmod(stat.S_IMODE(file.stat().st_mode))
            flush(partial)
            partial.replace(file)
            flush(file.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_folder(path: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Write files into a new folder beside `path`, flush them to the disk, then give it its name."""
    check()
    with deferred():
        _write_folder(check_output(path), files)


def _write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    try:
        staging = _beside(out)
        staging.mkdir()
        try:
            for name, content in files.items():
                _write_flushed(staging / name, content)
            flush(staging)
            staging.rename(out)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        flush(out.absolute().parent)
    except OSError as error:
        raise _unwritable(out, error) from None


def _unwritable(out: Path, error: OSError) -> InputFileError:
    return InputFileError(f"cannot write {out}: {error.strerror or error}; free some space or choose another name")


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
