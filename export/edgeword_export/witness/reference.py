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
    """The Keras model asked for the next word as its owner asks it: see `Window`.

    `windowed` says whether the owner shows it windows at all; else it sees a text whole.
    """

    def __init__(self, source: NextWordModel, window: Window, windowed: bool) -> None:
        self.source = source
        self.window = window
        self.windowed = windowed

    def after(self, contexts: Sequence[Sequence[int]]) -> LogProbs:
        """Log-probabilities `[N, V]` after each of N contexts."""
        if self.windowed and self.window.fills and self.window.length:
            windows = self.window.padding.windows(contexts, self.window.length)
            return self.source.logprobs_at(windows, self._positions(contexts))
        shown = [self._shown(context) for context in contexts]
        rows: LogProbs = np.empty((len(shown), self.source.vocabulary), np.float32)
        for length in sorted(set(map(len, shown))):
            places = [place for place, ids in enumerate(shown) if len(ids) == length]
            rows[places] = self.source.logprobs_at(np.asarray([shown[place] for place in places], np.int32), None)
        return rows

    def logprobs(self, ids: Sequence[int]) -> LogProbs:
        """Log-probabilities `[T, V]` after each of T tokens."""
        if not self.windowed:
            return self.source.sequence_logprobs(ids)
        return self.after([ids[:end] for end in range(1, len(ids) + 1)])

    def greedy(self, prompt: Sequence[int], words: int) -> tuple[list[int], list[float]]:
        """The Keras model's own greedy words after a prompt, and their log-probabilities."""
        ids, logprobs = list(prompt), []
        for _ in range(words):
            last = self.after([ids])[0]
            ids.append(int(last.argmax()))
            logprobs.append(float(last.max()))
        return ids[len(prompt) :], logprobs

    @functools.cached_property
    def empty_prompt(self) -> EmptyPrompt:
        """The answer to nothing but padding."""
        last = self.after([[]])[0]
        ids = np.argsort(-last, kind="stable")[:EMPTY_PROMPT_IDS]
        return EmptyPrompt(tuple(ids.tolist()), tuple(last[ids].tolist()))

    def _shown(self, context: Sequence[int]) -> Sequence[int]:
        """A context as it is, or the end of it; a model is shown one padding token where it is shown nothing else."""
        kept = (
            self.window.padding.kept(context, self.window.length) if self.windowed and self.window.length else context
        )
        return kept if len(kept) else [self.window.padding.value]

    def _positions(self, contexts: Sequence[Sequence[int]]) -> NDArray[np.int64] | None:
        """Where the answer is read: None for each window's end."""
        if self.window.reads == "end":
            return None
        return np.array([max(min(len(ids), self.window.length or 1) - 1, 0) for ids in contexts])
