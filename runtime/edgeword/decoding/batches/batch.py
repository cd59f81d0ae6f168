"""The protocol of a batch: B texts in a model, each a row.

What a row is told to read is noted, and read when the batch runs: rows may be at different places of their texts, one
at its prompt while another's next word is found. What is said next is decided elsewhere, for each row alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edgeword.decoding.decoder import Prediction, Snapshot
from edgeword.probabilities import Array


class BatchDecoder(Protocol):
    """B texts, each as `Decoder` says of one. No row's words depend on another's."""

    rows: int
    """B."""

    def begin(self, row: int, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`."""
        ...

    def advance(self, row: int, token: int) -> None:
        """See `Decoder.advance`."""
        ...

    def rest(self, row: int) -> None:
        """Ask nothing more of a row, until it begins again."""
        ...

    def is_ready(self, row: int) -> bool:
        """Whether what comes next is known: no run is needed for it."""
        ...

    def run(self, wanted: int | None = None) -> Sequence[int]:
        """Run the engine once, for as many rows as it takes of those that are not ready; `wanted` comes first.

        The rows that are ready now: none of those that have more to read.
        """
        ...

    def logits(self) -> Array:
        """What comes next in each row, float32 `[B, V]`: the caller's own copy."""
        ...

    def row_logits(self, row: int) -> Array:
        """What comes next in one row, float32 `[V]`: the caller's own copy."""
        ...

    def greedy(self, row: int) -> Prediction:
        """See `Decoder.greedy`."""
        ...

    def snapshot(self, row: int) -> Snapshot:
        """See `Decoder.snapshot`."""
        ...

    def restore(self, row: int, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        ...


class Row:
    """See `Decoder`: one row of a batch."""

    def __init__(self, batch: BatchDecoder, row: int) -> None:
        self._batch, self._row = batch, row

    def begin(self, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`."""
        self._batch.begin(self._row, ids)

    def advance(self, token: int) -> None:
        """See `Decoder.advance`."""
        self._batch.advance(self._row, token)

    def logits(self) -> Array:
        """See `Decoder.logits`."""
        return self._batch.row_logits(self._row)

    def greedy(self) -> Prediction:
        """See `Decoder.greedy`."""
        return self._batch.greedy(self._row)

    def snapshot(self) -> Snapshot:
        """See `Decoder.snapshot`."""
        return self._batch.snapshot(self._row)

    def restore(self, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        self._batch.restore(self._row, snapshot)
