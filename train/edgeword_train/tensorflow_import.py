"""The one place where tensorflow is looked for and told to be quiet, before anything imports it."""

from __future__ import annotations

import os
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
