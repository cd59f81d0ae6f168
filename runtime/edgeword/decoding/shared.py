"""Graphs that several decoders share: their buffers hold one decoder's tensors at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from edgeword.decoding.decoder import Prediction
from edgeword.engines.engine import Buffers, Graph
from edgeword.errors import BundleError
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

    _tenant: Tenant | None = None

    def let(self, tenant: Tenant) -> None:
        """Make `tenant` the one whose tensors the buffers hold."""
        if self._tenant is not tenant:
            if self._tenant is not None:
                self._tenant.leave()
            self._tenant = tenant


def check_shape(name: str, buffers: Buffers, shape: tuple[int, ...]) -> None:
    """Refuse a file whose tensors are not those of the spec: numpy would broadcast some of them."""
    found = buffers[name].shape if name in buffers else None
    if found != shape:
        raise BundleError(
            f"the model's {name} has the shape {found} and the spec says {shape}; export the bundle again"
        )


def prediction_of(graph: Graph) -> Callable[[], Prediction]:
    """How the greedy word is read from a graph: its own argmax, or NumPy's where it puts out logits alone."""
    if "next_token" in graph.outputs:
        token, logprob = graph.outputs["next_token"], graph.outputs["logprob"]
        return lambda: (token.item(0), logprob.item(0))
    return _greedy_of(graph.outputs["logits"].reshape(-1))


def _greedy_of(logits: Array) -> Callable[[], Prediction]:
    powers = np.empty_like(logits)

    def greedy() -> Prediction:
        best = int(logits.argmax())
        largest = logits.item(best)
        # Log softmax at its maximum: max - log Σ exp(logits), shifted only where float32 needs it.
        if -_EXP_IS_SAFE < largest < _EXP_IS_SAFE:
            return best, largest - math.log(np.exp(logits, out=powers).sum())
        np.exp(np.subtract(logits, largest, out=powers), out=powers)
        return best, -math.log(powers.sum())

    return greedy
