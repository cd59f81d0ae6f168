"""What engines print and tell of themselves, kept off the screen and off the network."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def native_stderr_to_null() -> Iterator[None]:
    """LiteRT announces its delegate there at every load; what goes wrong comes as an exception."""
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def keep_offline() -> None:
    """To be called before onnxruntime is imported, which looks then.

    From 1.29 on its packages for Linux send facts of each session and model to their maker, and leave a file `.ses` in
    the temporary folder, unless this variable is set.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
