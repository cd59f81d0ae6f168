"""A batch in decode mode `window` on the window graph: the padded windows of its rows are read at once."""

from __future__ import annotations

from collections.abc import Sequence

from edgeword.bundle.spec import Spec
from edgeword.decoding.batches.answering import WideGraph
from edgeword.decoding.batches.windows import Windows
from edgeword.decoding.decoder import checked_ids
from edgeword.decoding.signatures import checked
from edgeword.engines.engine import Graph


class WideWindow(WideGraph):
    """The graph `window` with several rows."""

    def __init__(self, graph: Graph, spec: Spec, width: int) -> None:
        super().__init__(checked(graph, "window", spec, width), width)
        self._window, self._length = spec.window, spec.window.length or 1

    def read(self, texts: Sequence[Sequence[int]]) -> None:
        """Say what comes next after each of the texts, of which there are at most as many as rows."""
        self._graph.inputs["ids"][: len(texts)] = self._window.padding.windows(texts, self._length)
        self._graph.run()


class WindowBatch(Windows):
    """See `BatchDecoder`. A row is the tokens that its window shows."""

    def __init__(self, graph: WideWindow, spec: Spec, rows: int) -> None:
        super().__init__(graph, spec, rows)
        self._graph = graph

    def advance(self, row: int, token: int) -> None:
        """See `Decoder.advance`."""
        self._stand(row, [*self._ids[row], *checked_ids([token], self._vocabulary)])

    def run(self, wanted: int | None = None) -> Sequence[int]:
        """See `BatchDecoder.run`."""
        if rows := self._first_asking(wanted):
            self._graph.let(self)
            self._held.clear()
            self._graph.read([self._ids[row] for row in rows])
            self._hold(rows)
        return rows

    def _stand(self, row: int, ids: Sequence[int]) -> None:
        self._ids[row] = self._window.padding.kept(ids, self._length)
        self._line_up(row, 1)

    def _is_empty(self, row: int) -> bool:  # noqa: ARG002
        """What a window of padding means is the graph's own business."""
        return False
