"""Graphs that several decoders share: their buffers hold one decoder's tensors at a time."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Protocol

import numpy as np

from edgeword.decoding.decoder import Prediction
from edgeword.engines.engine import Graph
from edgeword.errors import EngineError
from edgeword.probabilities import Array

# exp(88.7) is the largest that float32 holds; the sum over a vocabulary of 4 million has to fit as well.
_EXP_IS_SAFE = 60.0


class Tenant(Protocol):
    """A decoder on shared graphs."""

    def leave(self) -> None:
        """Take along what only the graphs' buffers hold: another decoder runs them next."""
        ...


class SharedGraphs:
    """Graphs with the decoder that ran them last."""

    # Not held: in a circle with its decoder an engine would wait for the garbage collector, which after a fork runs in
    # the child, where an engine must not end.
    _tenant: Callable[[], Tenant | None] = staticmethod(lambda: None)

    def let(self, tenant: Tenant) -> None:
        """Make `tenant` the one whose tensors the buffers hold."""
        before = self._tenant()
        if before is not tenant:
            if before is not None:
                before.leave()
            self._tenant = weakref.ref(tenant)


def prediction_of(graph: Graph) -> Callable[[], Prediction]:
    """How the greedy word is read from a graph: its own argmax, or NumPy's where it puts out logits alone.

    What is read is a word: EngineError for an id that there is not, and for what is no number.
    """
    logits = graph.outputs["logits"].reshape(-1)
    if "next_token" in graph.outputs:
        return _named_by(graph.outputs["next_token"], graph.outputs["logprob"], logits.size)
    return _greedy_of(logits)


def finite(logits: Array) -> Array:
    """The logits as they are; EngineError where one is NaN or infinite, or all are -inf."""
    # The first NaN is the largest, and argmax finds it faster than a look at each.
    if not -math.inf < logits.item(logits.argmax()) < math.inf:
        raise _no_number(logits.item(logits.argmax()))
    return logits


def _no_number(found: float) -> EngineError:
    return EngineError(f"the model answers {found}, which is no probability; export the bundle again")


def _named_by(token: Array, logprob: Array, vocabulary: int) -> Callable[[], Prediction]:
    infinity = math.inf  # a local: this is looked at for every word

    def named() -> Prediction:
        best, value = token.item(0), logprob.item(0)
        if 0 <= best < vocabulary and -infinity < value < infinity:
            return best, value
        if -infinity < value < infinity:
            raise EngineError(f"the model names the word {best}, which is no id below {vocabulary}")
        raise _no_number(value)

    return named


def _greedy_of(logits: Array) -> Callable[[], Prediction]:
    powers = np.empty_like(logits)

    def greedy() -> Prediction:
        best = int(logits.argmax())
        largest = logits.item(best)
        # Log softmax at its maximum: max - log Σ exp(logits), shifted only where float32 needs it.
        if -_EXP_IS_SAFE < largest < _EXP_IS_SAFE:
            return best, largest - math.log(np.add.reduce(np.exp(logits, out=powers)))
        finite(logits)
        np.exp(np.subtract(logits, largest, out=powers), out=powers)
        return best, -math.log(np.add.reduce(powers))

    return greedy
