"""A decoder without a model: the next word depends on the last two, by a random table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword.words.vocabulary import Vocabulary

WORDS = ("<oov>", "the", "cell", "reads", "a", "word", "and", "keeps", "state", "of", "text", "memory", "men", "me")
TOKENIZER = Tokenizer(WORDS, oov_token="<oov>", oov_id=1)
SIZE = TOKENIZER.vocab_size
VOCABULARY = Vocabulary(TOKENIZER, SIZE)
UNSAID = {0, 1}


class Markov:
    """Logits of a table `[V, V, V]` drawn with a seed; `moves` counts the logits that were computed."""

    def __init__(self, seed: int = 1, size: int = SIZE, spread: float = 2.0) -> None:
        self._table = np.random.default_rng(seed).normal(0, spread, (size, size, size)).astype(np.float32)
        self._context = (0, 0)
        self.runs = 0

    def begin(self, ids: Sequence[int] = ()) -> None:
        self._context = tuple([0, 0, *ids][-2:])

    def advance(self, token: int) -> None:
        self._context = (self._context[1], token)

    def logits(self) -> NDArray[np.float32]:
        self.runs += 1
        return self._table[self._context].copy()

    def greedy(self) -> tuple[int, float]:
        logits = self._table[self._context]
        token = int(logits.argmax())
        return token, float(logits[token] - np.log(np.exp(logits.astype(float)).sum()))

    def snapshot(self) -> tuple[int, ...]:
        return self._context

    def restore(self, snapshot: tuple[int, ...]) -> None:
        self._context = snapshot


def logprobs(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-probabilities by hand, float64."""
    logits = logits.astype(np.float64)
    return logits - np.log(np.exp(logits).sum())
