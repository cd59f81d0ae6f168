"""The answer where no token was read that counts."""

from __future__ import annotations

import math

import numpy as np

from edgeword.bundle.spec import Spec
from edgeword.probabilities import Array

# What is left for the words that the spec does not list, where rounding leaves nothing.
_LEAST = 1e-12


class EmptyAnswer:
    """The spec's answer to an empty prompt."""

    def __init__(self, spec: Spec) -> None:
        self._known, self._vocabulary = spec.empty_prompt, spec.vocabulary
        self.greedy = (self._known.ids[0], self._known.logprobs[0])

    def logits(self) -> Array:
        """Log-probabilities float32 `[V]`; the words that are not listed share what is left evenly."""
        others = max(self._vocabulary - len(self._known.ids), 1)
        left = max(1 - math.fsum(map(math.exp, self._known.logprobs)), _LEAST)
        answer = np.full(self._vocabulary, min(math.log(left / others), *self._known.logprobs), np.float32)
        answer[list(self._known.ids)] = self._known.logprobs
        return answer
