"""What a static quantizer looks at: the inputs of each graph as they occur on real text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from edgeword.bundle.spec import Spec
from edgeword.decoding.step_graphs import start_values
from edgeword_export.graphs.signature import PLAIN, Signature, Signatures

Sample = tuple[str, dict[str, Any]]
"""A graph's name and its inputs by name."""
Samples = Callable[[], Sequence[Sample]]


class Calibration:
    """Token sequences run through the float32 graphs, with the states that they leave."""

    def __init__(self, signatures: Signatures, spec: Spec, texts: Sequence[Sequence[int]]) -> None:
        self._signatures = signatures
        self._spec = spec
        self._texts = texts
        self._samples: list[Sample] = []

    def __call__(self) -> Sequence[Sample]:
        """One sample a token and graph, computed once."""
        if not self._samples:
            graphs = self._signatures(PLAIN)
            self._samples.extend(self._steps(graphs) if graphs[0].name == "step" else self._windows())
        return self._samples

    def _steps(self, graphs: Sequence[Signature]) -> Iterator[Sample]:
        step = tf.function(graphs[0].call, autograph=False)
        for text in self._texts:
            states: dict[str, Any] = {state.name: start_values(state) for state in self._spec.states}
            for token in text:
                inputs = {"token": np.array([token], np.int32), **states}
                yield from ((signature.name, inputs) for signature in graphs)
                after = step({name: tf.constant(value) for name, value in inputs.items()})
                states = {name: after[f"next_{name}"].numpy() for name in states}

    def _windows(self) -> Iterator[Sample]:
        window = self._spec.window
        for text in self._texts:
            for end in range(1, len(text) + 1):
                ids = window.padding.windows([text[:end]], window.length or 1)
                yield "window", {"ids": ids}
