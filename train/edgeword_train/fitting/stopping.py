"""When a training ends, and which epoch of it is kept.

Two rules. A model is trained until the perplexity on held-out text no longer falls, and its best epoch is kept. With
`memorize` it learns its text by heart: trained until it knows that text, and the last epoch is kept. Greedy text then
reads as the corpus does, at the price of a perplexity on other text that is several times that of the best epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeword_train.fitting.history import History, best_epoch
from edgeword_train.options import TrainingOptions

PATIENCE = 3
KNOWN_BY_HEART = 3.0
"""Perplexity while training, with dropout, at which greedy text reads as the corpus does."""


@dataclass(frozen=True)
class Stopping:
    """The rule of one training."""

    epochs: int
    patience: int
    by_heart: bool

    def is_over(self, history: History) -> bool:
        """Whether these epochs are enough."""
        if len(history) >= self.epochs:
            return True
        if not history:
            return False
        if self.by_heart:
            return history[-1].perplexity <= KNOWN_BY_HEART
        return len(history) - best_epoch(history) >= self.patience

    def kept_epoch(self, history: History) -> int:
        """The epoch, counted from 1, whose weights are the model's."""
        return len(history) if self.by_heart else best_epoch(history)


def stopping_for(options: TrainingOptions) -> Stopping:
    """The rule of a training."""
    return Stopping(options.epochs, options.patience or PATIENCE, options.memorize)
