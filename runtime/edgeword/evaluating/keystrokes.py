"""Key strokes that a person saves who takes a suggestion as soon as the word is among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword.words.permitted import Permitted
from edgeword.words.vocabulary import Vocabulary

SHOWN = 3
"""Suggestions that are shown at once, as phone keyboards do."""


class Typist:
    """A person who types a text, with the most probable words shown before each key press.

    The protocol of Trnka & McCoy (2008), "Evaluating Word Prediction: Framing Keystroke Savings": taking a suggestion
    is one key press, and types the space behind the word as well; a word that is never shown is typed letter by
    letter, and its space. Here three words are shown, a perfect typist takes the word as soon as it is among them, and
    words that the model does not know are typed.
    """

    def __init__(self, vocabulary: Vocabulary, permitted: Permitted) -> None:
        self._vocabulary, self._permitted = vocabulary, permitted

    def keys_without(self, word: str) -> int:
        """Key presses for a word and what stands behind it, nothing shown."""
        return len(word) + self._vocabulary.spaces_after(word)

    def keys_with(self, logits: NDArray[np.float32], token: int, word: str, rank: int) -> int:
        """Key presses for a word that the model knows, after logits `[V]`; `rank` is its own among all words."""
        for letters in range(len(word)):
            if (self.rank(logits, token, word[:letters]) if letters else rank) < SHOWN:
                return min(letters + 1, self.keys_without(word))
        return self.keys_without(word)

    def rank(self, logits: NDArray[np.float32], token: int, prefix: str = "") -> int:
        """How many words that begin with `prefix` would be shown before this one; V where it is never shown."""
        if not self._permitted.mask[token]:
            return self._vocabulary.size
        ids: NDArray[Any] = self._permitted.ids
        if prefix:
            ids = self._vocabulary.beginning_with(prefix)
            ids = ids[self._permitted.mask[ids]]
        values, own = logits[ids], logits[token]
        # Of equally probable words the one with the lower id comes first, as in `suggest`.
        return int(np.count_nonzero(values > own) + np.count_nonzero(ids[values == own] < token))
