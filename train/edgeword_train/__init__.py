"""edgeword_train: from text to a Keras next-word model, in a run folder that `edgeword export` reads."""

from __future__ import annotations

from typing import Any

from edgeword_train.run.folder import Run, load_run

__all__ = ["Run", "load_run", "train"]


def __getattr__(name: str) -> Any:
    """Import `train` when it is asked for; TensorFlow itself waits until training starts."""
    if name != "train":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edgeword_train.training import train

    return train
