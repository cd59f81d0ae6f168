"""The one place where tensorflow is looked for and told to be quiet, before anything imports it."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec

from edgeword.errors import EdgewordError

# What each extra needs, import name by import name.
_NEEDED = {
    "train": ("tensorflow", "keras", "matplotlib"),
    "export": ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "ai_edge_litert"),
}


class MissingExtraError(EdgewordError, ImportError):
    """A package of an extra is not installed."""


def prepare_tensorflow(extra: str) -> None:
    """Check that the packages of an extra are there and silence tensorflow's start-up lines."""
    missing = [name for name in _NEEDED[extra] if find_spec(name) is None]
    if missing:
        raise MissingExtraError(f'{", ".join(missing)} is not installed; pip install "edgeword[{extra}]"')
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def load_tensorflow(extra: str) -> None:
    """Import the packages of an extra, of which tensorflow takes seconds, without their banners."""
    prepare_tensorflow(extra)
    with held_back_stderr():
        for name in _NEEDED[extra]:
            importlib.import_module(name)


@contextlib.contextmanager
def held_back_stderr() -> Iterator[None]:
    """Hold back what is written to standard error, also by C++, and give it out if the block fails.

    TensorFlow's C++ writes lines that no log level holds back.
    """
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
