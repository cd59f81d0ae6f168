"""What every batch does: it knows which rows' answers the buffers of its graph hold, and gives them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from edgeword.bundle.spec import Spec
from edgeword.decoding.decoder import Prediction
from edgeword.decoding.empty import EmptyAnswer
from edgeword.decoding.shared import SharedGraphs, finite
from edgeword.engines.engine import Graph
from edgeword.errors import EngineError
from edgeword.probabilities import Array


class WideGraph(SharedGraphs):
    """A predicting graph with several rows; what it answers stands in its buffers until it runs again."""

    def __init__(self, graph: Graph, width: int) -> None:
        self.width, self.logits = width, graph.outputs["logits"]
        self._graph = graph  # the buffers are its own
        self._powers = np.empty_like(self.logits) if "next_token" not in graph.outputs else None

    def predictions(self, count: int) -> list[Prediction]:
        """The greedy words of the first rows, by the graph's own argmax where it has one."""
        with np.errstate(all="ignore"):  # of a file that answers infinity, the error is enough
            tokens, logprobs = self._greedy(count)
        if not 0 <= tokens.min() <= tokens.max() < self.logits.shape[-1]:
            raise EngineError(f"the model names a word that is no id below {self.logits.shape[-1]}")
        if not np.isfinite(logprobs).all():
            raise EngineError("the model answers NaN or infinity, which is no probability; export the bundle again")
        return list(zip(tokens.tolist(), logprobs.tolist(), strict=True))

    def _greedy(self, count: int) -> tuple[Array, Array]:
        if self._powers is None:
            return self._graph.outputs["next_token"][:count], self._graph.outputs["logprob"][:count]
        logits, powers = self.logits[:count], self._powers[:count]
        tokens = logits.argmax(-1)
        np.subtract(logits, logits[np.arange(count), tokens, None], out=powers)
        return tokens, -np.log(np.exp(powers, out=powers).sum(-1))


class Answering:
    """The answers of a batch; see `BatchDecoder`. A subclass reads, and says which rows are answered."""

    def __init__(self, wide: WideGraph, spec: Spec, rows: int) -> None:
        self.rows = rows
        self._answers, self._vocabulary = wide, spec.vocabulary
        self._empty = EmptyAnswer(spec)
        self._held: dict[int, int] = {}
        """Row → the place of its answer in the graph's buffers."""
        self._predictions: list[Prediction] = []
        # Sets in the order in which they grew: who came first is served first.
        self._asking: dict[int, None] = {}
        """Rows that have one token to read, and are asked what comes next."""
        self._reading: dict[int, None] = {}
        """Rows that have more to read."""

    def run(self, wanted: int | None = None) -> Sequence[int]:
        """See `BatchDecoder.run`."""
        raise NotImplementedError

    def is_ready(self, row: int) -> bool:
        """See `BatchDecoder.is_ready`."""
        return row in self._held or self._is_empty(row)

    def greedy(self, row: int) -> Prediction:
        """See `Decoder.greedy`."""
        if row not in self._held and self._is_empty(row):
            return self._empty.greedy
        place = self._place(row)  # a run makes new predictions
        return self._predictions[place]

    def row_logits(self, row: int) -> Array:
        """See `BatchDecoder.row_logits`."""
        if row not in self._held and self._is_empty(row):
            return self._empty.logits()
        place = self._place(row)
        return finite(self._answers.logits[place].copy())

    def logits(self) -> Array:
        """See `BatchDecoder.logits`."""
        found = np.empty((self.rows, self._vocabulary), np.float32)
        left = set(range(self.rows))
        while left:
            if not (ready := [row for row in left if self.is_ready(row)]):
                self.run(min(left))
            for row in ready:
                found[row] = self.row_logits(row)
            left.difference_update(ready)
        return found

    def leave(self) -> None:
        """See `Tenant.leave`."""
        self._held.clear()

    def _line_up(self, row: int, unread: int) -> None:
        """The row was told something, or has read some of it, and has so many tokens left to read."""
        self._held.pop(row, None)
        self._asking.pop(row, None)
        self._reading.pop(row, None)
        if unread:
            (self._asking if unread == 1 else self._reading)[row] = None

    def _first_asking(self, wanted: int | None) -> list[int]:
        """The rows to answer now; none where there are others to be read first.

        Rows that are asked run when they fill the graph, or none is left that reads more: reading costs less, and
        nothing of the graph is idle.
        """
        width = self._answers.width
        if wanted is not None:
            rest = [row for row in itertools.islice(self._asking, width) if row != wanted]
            return [] if wanted in self._reading else [wanted, *rest[: width - 1]]
        if self._reading and len(self._asking) < width:
            return []
        return list(itertools.islice(self._asking, width))

    def _is_empty(self, row: int) -> bool:
        """Whether the row has read nothing that counts."""
        raise NotImplementedError

    def _place(self, row: int) -> int:
        while row not in self._held:
            self.run(row)
        return self._held[row]

    def _hold(self, rows: Sequence[int]) -> None:
        """The graph has answered these rows, in this order."""
        self._predictions = self._answers.predictions(len(rows))
        self._held = {row: place for place, row in enumerate(rows)}
        for row in rows:
            self._asking.pop(row, None)
