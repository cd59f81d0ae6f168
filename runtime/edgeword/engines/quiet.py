"""What engines print and tell of themselves, kept off the screen and off the network."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

# Two threads that put standard error back in the wrong order would leave it nowhere.
_turn = threading.RLock()


def _new_turn() -> None:
    """In a forked child: the thread that had the turn is not there to give it back."""
    global _turn  # noqa: PLW0603 (there is one standard error)
    _turn = threading.RLock()


os.register_at_fork(after_in_child=_new_turn)


@contextlib.contextmanager
def native_stderr_to_null() -> Iterator[None]:
    """Hold back what an engine writes there itself; what goes wrong comes as an exception."""
    with _turn:
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
