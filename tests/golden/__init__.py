"""The golden bundles, and what the Keras models they were made from say; `make` makes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.tiny import CONTEXTS

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Greedy:
    """The Keras model's greedy words after a prompt, by `pad_sequences`, `predict` and argmax."""

    prompt: str
    text: str
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]


def greedy_of(name: str) -> Greedy:
    """Of the model of a golden bundle."""
    data = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return Greedy(data["prompt"], data["text"], tuple(data["ids"]), tuple(data["logprobs"]))


def logprobs_of(name: str, reading: str = "own") -> dict[str, NDArray[np.float32]]:
    """By context: the Keras model's log-probabilities `[V]` after it, read as `make.answers` says."""
    with np.load(FOLDER / f"{name}.npz") as file:
        return dict(zip(CONTEXTS, file[reading], strict=True))
