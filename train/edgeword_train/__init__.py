"""edgeword_train: from text to a Keras next-word model, in a run folder that `edgeword export` reads.

>>> import edgeword_train
>>> run = edgeword_train.train(["book.txt"], "run", units=256)
>>> run.record.perplexity.held_out
"""

from __future__ import annotations

from typing import Any

from edgeword_train.run.folder import Run, load_run

__all__ = ["Run", "load_run", "resume", "train"]


def __getattr__(name: str) -> Any:
    """Import `train` and `resume` when they are asked for; TensorFlow itself waits until training starts."""
    if name not in ("train", "resume"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edgeword_train import training

    return getattr(training, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
