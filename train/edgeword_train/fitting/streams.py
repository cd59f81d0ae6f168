"""Training examples: texts behind each other in B contiguous streams, read in chunks of T tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Chunk:
    """The next T tokens of each of B streams; the target of a position is the token that follows it."""

    inputs: NDArray[np.int32]
    """Ids `[B, T]`; 0 behind the last text."""
    targets: NDArray[np.int32]
    """Ids `[B, T]`."""
    known: NDArray[np.bool_]
    """`[B, T]`: whether a position counts; not where the target is the OOV token, or the first token of a text."""
    going_on: NDArray[np.float32]
    """`[B, T]`: 0 where a text begins, and with it the state, else 1."""

    @property
    def words(self) -> int:
        """Number of targets that count."""
        return int(np.count_nonzero(self.known))


@dataclass(frozen=True)
class Streams:
    """Texts behind each other, to be read in `rows` streams of one length, `length` tokens at a time."""

    ids: NDArray[np.int32]
    """All of them, `[N]`."""
    starts: NDArray[np.int64]
    """Where each begins."""
    rows: int
    length: int
    oov_id: int | None
    """OOV tokens stay as context, and are never a target: a model must not learn to say them."""

    @property
    def words(self) -> int:
        """Number of targets that count in an epoch."""
        return int(np.count_nonzero(self._known()))

    @property
    def oov_rate(self) -> float:
        """Share of the tokens that are the OOV token, 0 to 1."""
        return float(np.mean(self.ids == self.oov_id)) if self.oov_id is not None else 0.0

    @property
    def steps(self) -> int:
        """Number of chunks."""
        return -(-len(self.ids) // (self.rows * self.length))

    def shuffled(self, random: np.random.Generator) -> Streams:
        """The same texts in another order."""
        order = random.permutation(len(self.starts))
        pieces = np.split(self.ids, self.starts[1:])
        lengths = np.diff(self.starts, append=len(self.ids))[order]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        return replace(self, ids=np.concatenate([pieces[number] for number in order]), starts=starts)

    def chunks(self) -> Iterator[Chunk]:
        """All texts once."""
        inputs, targets = self._rows(self.ids), self._rows(np.append(self.ids[1:], np.int32(0)))
        known, going_on = self._rows(self._known()), self._rows((~self._begins()).astype(np.float32))
        for start in range(0, inputs.shape[1], self.length):
            part = slice(start, start + self.length)
            yield Chunk(inputs[:, part], targets[:, part], known[:, part], going_on[:, part])

    def _rows(self, tokens: NDArray[Number]) -> NDArray[Number]:
        """Something of each token, in rows, filled up with zeros."""
        size = self.rows * self.steps * self.length
        rows: NDArray[Number] = np.pad(tokens, (0, size - len(tokens))).reshape(self.rows, -1)
        return rows

    def _begins(self) -> NDArray[np.bool_]:
        begins = np.zeros(len(self.ids), np.bool_)
        begins[self.starts] = True
        return begins

    def _known(self) -> NDArray[np.bool_]:
        known = np.append(~self._begins()[1:], False)
        if self.oov_id is not None:
            known[:-1] &= self.ids[1:] != self.oov_id
        return known


# A small corpus takes fewer rows, so that an epoch has about this many steps.
STEPS = 100
FEWEST_ROWS, MOST_ROWS = 4, 32


def streams_of(sequences: Sequence[Sequence[int]], oov_id: int | None, length: int, rows: int | None = None) -> Streams:
    """Token sequences in streams; without a number of rows, as many as suit so many tokens."""
    lengths = [len(ids) for ids in sequences]
    ids = np.fromiter((token for ids in sequences for token in ids), np.int32, sum(lengths))
    rows = rows or min(max(len(ids) // (length * STEPS), FEWEST_ROWS), MOST_ROWS)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    return Streams(ids, starts, rows, length, oov_id)


def chunk_length(sequences: Sequence[Sequence[int]], wanted: int) -> int:
    """The wanted length, or less where no text fills it; at least 1."""
    longest = max(map(len, sequences), default=2)
    return max(1, min(wanted, longest - 1))
