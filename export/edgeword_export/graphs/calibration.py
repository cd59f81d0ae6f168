"""What a quantizer looks at: the inputs of each graph as they occur on real text, or on the model's own."""

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

_DRAWN_TEXTS, _DRAWN_WORDS = 128, 16


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


class Drawn:
    """Texts that the model itself says, drawn word by word from random first ones, with the states on the way.

    What weights are rounded for must not be the text that they are measured on. Seeded.
    """

    def __init__(self, signatures: Signatures, spec: Spec) -> None:
        self._signatures = signatures
        self._spec = spec
        self._samples: list[Sample] = []

    def __call__(self) -> Sequence[Sample]:
        """A sample for each word of `step`, or for the texts' windows; all texts in its rows where rows are free."""
        if not self._samples:
            graph, random = self._signatures(PLAIN)[0], np.random.default_rng(0)
            rows = _DRAWN_TEXTS if next(iter(graph.inputs.values())).shape[0] is None else 1
            run = graph.traced()
            for _ in range(_DRAWN_TEXTS // rows):
                self._samples.extend((graph.name, inputs) for inputs in self._drawn(run, graph.name, random, rows))
        return self._samples

    def _drawn(self, run: Any, graph: str, random: np.random.Generator, rows: int) -> Iterator[dict[str, Any]]:
        window, states = self._spec.window, self._spec.states if graph == "step" else ()
        texts = random.integers(1, self._spec.vocabulary, (rows, 1), np.int32)
        left = {state.name: np.repeat(start_values(state), rows, axis=0) for state in states}
        for place in range(1, _DRAWN_WORDS + 1):
            ids = {"ids": window.padding.windows(texts.tolist(), window.length or 1)}
            inputs = {"token": texts[:, -1], **left} if graph == "step" else ids
            if graph == "step" or place == _DRAWN_WORDS:
                yield inputs
            after = run(*inputs.values())
            left = {name: after[f"next_{name}"].numpy() for name in left}
            logits = after["logits"].numpy()[:, 1:]  # id 0 is padding
            words = 1 + (logits + random.gumbel(size=logits.shape)).argmax(axis=1)  # a draw from their softmax
            texts = np.concatenate([texts, words[:, None].astype(np.int32)], axis=1)


def row_by_row(samples: Sequence[Sample]) -> Iterator[Sample]:
    """Samples of one row each, for graphs that read one."""
    for name, inputs in samples:
        for row in range(len(next(iter(inputs.values())))):
            yield name, {key: value[row : row + 1] for key, value in inputs.items()}
