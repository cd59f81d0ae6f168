"""What both batches of decode mode `window` do: a row is the tokens that its window shows."""

from __future__ import annotations

from collections.abc import Sequence

from edgeword.bundle.spec import Spec
from edgeword.decoding.batches.answering import Answering, WideGraph
from edgeword.decoding.decoder import Snapshot, checked_ids
from edgeword.errors import UsageError


class Windows(Answering):
    """See `BatchDecoder`."""

    def __init__(self, wide: WideGraph, spec: Spec, rows: int) -> None:
        super().__init__(wide, spec, rows)
        self._window, self._length = spec.window, spec.window.length or 1
        self._ids: list[Sequence[int]] = [[] for _ in range(rows)]

    def begin(self, row: int, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`."""
        self._stand(row, checked_ids(ids, self._vocabulary))

    def rest(self, row: int) -> None:
        """See `BatchDecoder.rest`."""
        self._line_up(row, 0)

    def snapshot(self, row: int) -> Snapshot:
        """See `Decoder.snapshot`."""
        return Snapshot(tuple(self._ids[row]), ())

    def restore(self, row: int, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        if snapshot.state or len(snapshot.ids) > self._length:
            raise UsageError("the snapshot is of another model; take one from a decoder of this bundle")
        self._stand(row, checked_ids(snapshot.ids, self._vocabulary))

    def _stand(self, row: int, ids: Sequence[int]) -> None:
        """Be a row that shows the last of these ids."""
        raise NotImplementedError
