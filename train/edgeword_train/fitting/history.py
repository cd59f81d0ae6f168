"""What each epoch came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch; perplexities are over targets in the vocabulary."""

    epoch: int
    """Counted from 1."""
    perplexity: float
    """On the text trained on, while training, with dropout."""
    held_out: float
    seconds: float
    """Of training, without the measuring on held-out text."""
    words_per_second: float
    top1: float
    """Share of the targets of held-out text that were the most probable token, 0 to 1."""
    top3: float
    """Share of them that were among the three most probable tokens."""


@dataclass(frozen=True)
class Epochs:
    """`history.json`: the epochs of a training."""

    epochs: tuple[Epoch, ...]


History = Sequence[Epoch]


def best_epoch(history: History) -> int:
    """The epoch, counted from 1, with the lowest held-out perplexity; the first of equals."""
    return min(history, key=lambda row: row.held_out).epoch


def words_per_second(history: History) -> float:
    """Speed over all epochs."""
    words = sum(row.words_per_second * row.seconds for row in history)
    return words / sum(row.seconds for row in history)
