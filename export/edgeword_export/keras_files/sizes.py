"""How much a Keras file unpacks to, and where its weights lie: found out before any of it is unpacked or allocated."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import h5py

from edgeword_export.errors import ModelError

MOST_BYTES = 8 << 30
"""Of all weights, those of the optimizer among them: what is exported has less than 2 GB."""
MOST_TIMES = 16
"""Weights hardly shrink, zeros of an optimizer by a factor of three; what grows more is no model."""
SMALL_BYTES = 64 << 20
"""May come of a file however small."""


def check_zip(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse a `.keras` file whose members are too large, by the sizes in its directory, which bound what is read."""
    _check(path, sum(member.file_size for member in archive.infolist()), path.stat().st_size)


def check_h5(path: Path, file: h5py.File, size: int) -> None:
    """Refuse weights that would take too much, by their shapes, and such as lie in other files.

    `size` are the bytes of the file that holds them, `path` is the one that the error names.
    """
    outside: list[str] = []
    total = 0

    def follow(name: bytes, link: Any) -> None:
        if link.type == h5py.h5l.TYPE_EXTERNAL:
            outside.append(name.decode("utf-8", "replace"))

    def look(name: str, found: Any) -> None:
        nonlocal total
        if isinstance(found, h5py.Dataset):
            total += math.prod(found.shape or ()) * found.dtype.itemsize
            outside.extend([name] if found.external or found.is_virtual else [])

    file.id.links.visit(follow, info=True)
    file.visititems(look)
    if outside:
        raise ModelError(f"{path}: the weight {outside[0]!r} lies outside of the file; save the model again")
    _check(path, total, size)


def _check(path: Path, unpacked: int, size: int) -> None:
    most = min(MOST_BYTES, SMALL_BYTES + MOST_TIMES * size)
    if unpacked > most:
        raise ModelError(
            f"{path} has {size:,} bytes and would unpack to {unpacked:,}, more than the {most:,} of any model of its "
            "size; save the model again"
        )
