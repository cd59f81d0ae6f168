"""What a static quantizer looks at: the inputs of each graph as they occur on real text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from edgeword.decoding import start_values
from edgeword.manifest import State, Window
from edgeword_export.signature import PLAIN, Signature, Signatures

Sample = tuple[str, dict[str, Any]]
"""A graph's name and its inputs by name."""


class Calibration:
    """Token sequences run through the float32 graphs, with the states that they leave."""

    def __init__(
        self, signatures: Signatures, states: Sequence[State], window: Window, texts: Sequence[Sequence[int]]
    ) -> None:
        self._signatures = signatures
        self._states = states
        self._window = window
        self._texts = texts
        self._samples: list[Sample] | None = None

    def samples(self) -> list[Sample]:
        """One sample a token and graph, computed once."""
        if self._samples is None:
            graphs = self._signatures(PLAIN)
            self._samples = list(self._steps(graphs) if graphs[0].name == "step" else self._windows())
        return self._samples

    def _steps(self, graphs: Sequence[Signature]) -> Iterator[Sample]:
        step = tf.function(graphs[0].call)
        for text in self._texts:
            states: dict[str, Any] = {state.name: start_values(state) for state in self._states}
            for token in text:
                inputs = {"token": np.array([token], np.int32), **states}
                yield from ((signature.name, inputs) for signature in graphs)
                after = step({name: tf.constant(value) for name, value in inputs.items()})
                states = {name: after[f"next_{name}"].numpy() for name in states}

    def _windows(self) -> Iterator[Sample]:
        for text in self._texts:
            for end in range(1, len(text) + 1):
                ids = self._window.padding.windows([text[:end]], self._window.length or 1)
                yield "window", {"ids": ids}
