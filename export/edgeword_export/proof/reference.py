"""The yardstick: what the Keras model itself says on held-out text."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeword.bundle.spec import EMPTY_PROMPT_IDS, EmptyPrompt, Window
from edgeword_export.source.keras_model import NextWordModel

LogProbs = NDArray[np.float32]


class Reference:
    """The Keras model asked for the next word after every token of a text.

    A model with a fixed window, or one that is to be decoded by `window`, sees the last L tokens before each
    word, padded; a model of any length sees all of them.
    """

    def __init__(self, source: NextWordModel, window: Window, windowed: bool) -> None:
        self.source = source
        self.window = window
        self.windowed = windowed

    @property
    def _length(self) -> int:
        """A model of any length is shown one padding token where it is shown nothing else."""
        return self.window.length or 1

    def logprobs(self, ids: Sequence[int]) -> LogProbs:
        """Log-probabilities `[T, V]` after each of T tokens."""
        if not self.windowed:
            return self.source.sequence_logprobs(ids)
        prefixes = [ids[:end] for end in range(1, len(ids) + 1)]
        return self.source.last_logprobs(self.window.padding.windows(prefixes, self._length))

    def greedy(self, prompt: Sequence[int], words: int) -> tuple[list[int], list[float]]:
        """The Keras model's own greedy words after a prompt, and their log-probabilities."""
        ids, logprobs = list(prompt), []
        for _ in range(words):
            last = self.logprobs(ids)[-1] if not self.windowed else self._last(ids)
            ids.append(int(last.argmax()))
            logprobs.append(float(last.max()))
        return ids[len(prompt) :], logprobs

    @functools.cached_property
    def empty_prompt(self) -> EmptyPrompt:
        """The answer to a window of nothing but padding."""
        last = self._last([])
        ids = np.argsort(-last, kind="stable")[:EMPTY_PROMPT_IDS]
        return EmptyPrompt(tuple(ids.tolist()), tuple(last[ids].tolist()))

    def _last(self, ids: Sequence[int]) -> LogProbs:
        windows = self.window.padding.windows([ids], self._length)
        row: LogProbs = self.source.last_logprobs(windows)[0]
        return row
