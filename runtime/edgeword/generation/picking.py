"""Picking the next word of one text from its logits, by the options and by what was said before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword.generation import processors
from edgeword.generation.options import GenerationOptions
from edgeword.generation.sampling import fresh_seed, sample, uniform
from edgeword.words.permitted import Permitted

Pick = tuple[int, float]
"""A token, and the model's own natural log-probability of it: before temperature, penalties and denials."""


class History:
    """The ids of a prompt and of the text so far."""

    def __init__(self, ids: Sequence[int] | NDArray[np.intp] = ()) -> None:
        self._length = len(ids)
        self._held = np.empty(max(2 * self._length, 64), np.intp)
        self._held[: self._length] = ids

    @property
    def ids(self) -> NDArray[np.intp]:
        """The ids, `[L]`: a view."""
        return self._held[: self._length]

    def add(self, token: int) -> None:
        """Append one id."""
        if self._length == len(self._held):
            self._held = np.concatenate([self._held, np.zeros_like(self._held)])
        self._held[self._length] = token
        self._length += 1

    def copy(self) -> History:
        """Another with the same ids."""
        return History(self.ids)


class Rules:
    """What takes words away or makes them less likely before one is picked: the same for every way to pick."""

    def __init__(self, options: GenerationOptions, permitted: Permitted) -> None:
        self.penalty, self._ngram = options.repetition_penalty, options.no_repeat_ngram
        self._permitted = permitted
        self._ending, self._shortest = permitted.ending, options.min_words
        self.look_back = self.penalty != 1 or self._ngram > 0 or bool(permitted.phrases)

    def apply(self, logits: NDArray[np.float32], history: History, length: int) -> NDArray[np.float32]:
        """Write into logits `[V]` after so many words, and return them; what may not be said is -inf."""
        if self.look_back:
            if self.penalty != 1:
                processors.repetition_penalty(logits, history.ids, self.penalty)
            if self._ngram:
                processors.no_repeat_ngram(logits, history.ids, self._ngram)
            processors.deny(logits, self._permitted.completing(history.ids))
        return (self._permitted if length < self._shortest else self._ending).take_away(logits)


class Picker:
    """Picks the words of one text, one after the other: the most probable one, or one that is drawn.

    Its random numbers and its history are its own: a row of a batch gets the words that it would get alone.
    """

    def __init__(self, options: GenerationOptions, permitted: Permitted, prompt: Sequence[int] = ()) -> None:
        self._options = options
        self._rules = Rules(options, permitted)
        self._history = History(prompt if self._rules.look_back else ())
        self._seed = fresh_seed() if options.seed is None and options.temperature else options.seed or 0

    def pick(self, logits: NDArray[np.float32], greedy: Pick, index: int) -> Pick | None:
        """The word of this index, from 0, after logits `[V]`, which may be overwritten; None: nothing is left to say.

        It may be the end of the text. `greedy` is the decoder's own most probable word there: see `normalizer`.
        """
        normalized = normalizer(logits, greedy)
        # What is taken away is not picked; only a penalty alters the logits of words that may be.
        own = logits if self._rules.penalty == 1 else logits.copy()
        self._rules.apply(logits, self._history, index)
        token = most_probable(logits) if self._options.temperature == 0 else self._drawn(logits, index)
        if token is None:
            return None
        if self._rules.look_back:
            self._history.add(token)
        return token, own.item(token) - normalized

    def _drawn(self, logits: NDArray[np.float32], index: int) -> int | None:
        return sample(logits, self._options, uniform(self._seed, index))


def most_probable(logits: NDArray[np.float32]) -> int | None:
    """The id of the largest of `[V]`, the lowest among equals; None where all are -inf."""
    token = int(logits.argmax())
    return None if logits.item(token) == -math.inf else token


def normalizer(logits: NDArray[Any], greedy: Pick) -> float:
    """What turns a logit of `[V]` into a log-probability when it is taken away: log Σ exp, without a look at each.

    The decoder says its most probable word with the log-probability; what that lacks to the logit is it.
    """
    token, logprob = greedy
    return float(logits.item(token)) - logprob
