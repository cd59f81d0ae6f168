"""Decode mode `window`: the padded window is read anew for every word."""

from __future__ import annotations

from collections.abc import Sequence

from edgeword.bundle.spec import Spec
from edgeword.decoding.decoder import Prediction, Snapshot, checked_ids
from edgeword.decoding.empty import EmptyAnswer
from edgeword.decoding.shared import SharedGraphs, finite, prediction_of
from edgeword.decoding.signatures import checked_graph
from edgeword.engines.engine import LoadedVariant
from edgeword.errors import UsageError
from edgeword.probabilities import Array


class WindowReader(SharedGraphs):
    """Says what comes after a window."""

    logits: Array
    """Of the last window that was read."""

    def read(self, window: list[int]) -> Prediction:
        """The greedy next token after the padded window."""
        raise NotImplementedError

    def counts(self, window: list[int]) -> bool:
        """Whether the window holds a token that the model does not pass by."""
        raise NotImplementedError


class WindowDecoder:
    """See `Decoder`. The text is the tokens that the window shows."""

    _is_answered: bool
    """Whether the graphs hold what comes next."""
    _prediction: Prediction

    def __init__(self, reader: WindowReader, spec: Spec) -> None:
        self._reader, self._vocabulary = reader, spec.vocabulary
        self._window, self._length = spec.window, spec.window.length or 1
        self._empty = EmptyAnswer(spec)
        self._stand([])

    def begin(self, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`."""
        self._stand(checked_ids(ids, self._vocabulary))

    def advance(self, token: int) -> None:
        """See `Decoder.advance`."""
        self._stand([*self._ids, *checked_ids([token], self._vocabulary)])

    def logits(self) -> Array:
        """See `Decoder.logits`."""
        self.greedy()
        return finite(self._reader.logits.copy()) if self._is_answered else self._empty.logits()

    def greedy(self) -> Prediction:
        """See `Decoder.greedy`."""
        if not self._is_answered:
            window = self._shown()
            if not self._reader.counts(window):
                return self._empty.greedy
            self._reader.let(self)
            self._prediction = self._reader.read(window)
            self._is_answered = True
        return self._prediction

    def snapshot(self) -> Snapshot:
        """See `Decoder.snapshot`."""
        return Snapshot(tuple(self._ids), ())

    def restore(self, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        if snapshot.state or len(snapshot.ids) > self._length:
            raise UsageError("the snapshot is of another model; take one from a decoder of this bundle")
        self._stand(checked_ids(snapshot.ids, self._vocabulary))

    def leave(self) -> None:
        """See `Tenant.leave`."""
        self._is_answered = False

    def _stand(self, ids: Sequence[int]) -> None:
        self._ids, self._is_answered = list(self._window.padding.kept(ids, self._length)), False

    def _shown(self) -> list[int]:
        return self._window.padding.window(self._ids, self._length).tolist() if self._window.fills else self._ids


class WindowGraph(WindowReader):
    """The window graph, for models that are not causal: one run a word."""

    def __init__(self, loaded: LoadedVariant, spec: Spec) -> None:
        graph = checked_graph(loaded, "window", spec)
        self._graph = graph  # the buffers below are its own
        self._ids, self._run, self._prediction = graph.inputs["ids"][0], graph.run, prediction_of(graph)
        self.logits = graph.outputs["logits"].reshape(-1)

    def counts(self, window: list[int]) -> bool:  # noqa: ARG002
        """See `WindowReader.counts`: what a window of padding means is the graph's own business."""
        return True

    def read(self, window: list[int]) -> Prediction:
        """See `WindowReader.read`."""
        self._ids[:] = window
        self._run()
        return self._prediction()
