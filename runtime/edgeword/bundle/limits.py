"""How large a file of a bundle may be, and reading one that is no larger. `docs/bundle-format.md` has the table too."""

from __future__ import annotations

import os
import stat

from edgeword.errors import BundleError

MANIFEST_BYTES = 4 << 20
TOKENIZER_BYTES = 64 << 20
MODEL_BYTES = (1 << 31) - 1
"""As far as protobuf and FlatBuffers go."""
OTHER_BYTES = 16 << 20
"""Of the witness, and of each file that is only there to be read by people."""


def check_size(name: str, size: int, most: int) -> None:
    """Raise BundleError for a file that is larger than its kind may be."""
    if not 0 <= size <= most:
        raise BundleError(f"{name} has {size} bytes, and may have 0 to {most}; export the bundle again")


def read_regular(path: str, most: int) -> bytes:
    """The bytes of a regular file of at most so many, looked at before they are read; BundleError or OSError."""
    with open(path, "rb", opener=_without_waiting) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise irregular(path)
        check_size(path, found.st_size, most)
        return file.read(found.st_size)


def irregular(path: str) -> BundleError:
    """The error for a folder, a link, a pipe or a device where a file is due."""
    return BundleError(f"{path} is not a regular file; copy the bundle again")


def _without_waiting(path: str, flags: int) -> int:
    """A pipe that nobody writes into would be waited for, for ever."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
