"""Where a demo puts what it makes: looked at before tensorflow is imported, and replaced only by a whole one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edgeword.errors import InputFileError
from edgeword.files import check_output

PROMPT = "LSTM networks are"
RUN, BUNDLE = "run", "bundle"


def check_place(out: str | os.PathLike[str], *, replace: bool) -> Path:
    """The folder for a demo, which may be there only to be replaced, and only if a demo made all of it."""
    path = Path(out)
    if not os.path.lexists(path):
        return check_output(path)
    if path.is_symlink() or not path.is_dir() or not (path / BUNDLE).is_dir():
        raise InputFileError(f"{path} exists and is no demo's; choose another --out or remove it first")
    others = sorted(entry.name for entry in path.iterdir() if entry.name not in (RUN, BUNDLE))
    if others:
        raise InputFileError(f"{path} holds {', '.join(others)}, which no demo made; choose another --out")
    if not replace:
        raise InputFileError(f"{path} exists and holds an earlier demo; --force replaces it, or choose another --out")
    return path


@contextlib.contextmanager
def demo_folder(out: str | os.PathLike[str] | None, *, replace: bool) -> Iterator[Path]:
    """A folder to work in, which is at `out` when the block is done, or gone without an `out`, or where it fails."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="edgeword-demo-") as name:
            yield Path(name)
        return
    path = check_place(out, replace=replace)
    making = path.absolute().parent / f".{path.name}.{os.urandom(4).hex()}"
    making.mkdir()
    try:
        yield making
        if path.exists():
            shutil.rmtree(path)
        making.rename(path)
    finally:
        shutil.rmtree(making, ignore_errors=True)
