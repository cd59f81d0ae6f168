"""Training examples: whole windows with a target at every position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeword.padding import Padding

POST = Padding("post", "post")


@dataclass(frozen=True)
class Windows:
    """N windows of L tokens; the target of a position is the token that follows it."""

    inputs: NDArray[np.int32]
    """Ids `[N, L]`, padded with 0 at the end."""
    targets: NDArray[np.int32]
    """Ids `[N, L]`; 0 where no token follows."""
    known: NDArray[np.bool_]
    """`[N, L]`: whether a position counts; not for padding, nor for a target that is the OOV token."""

    @property
    def words(self) -> int:
        """Number of targets that count."""
        return int(self.known.sum())

    def take(self, rows: NDArray[np.int64]) -> Windows:
        """The windows of these rows, in this order."""
        return Windows(self.inputs[rows], self.targets[rows], self.known[rows])


def cut_windows(sequences: Sequence[Sequence[int]], length: int, oov_id: int | None) -> Windows:
    """Windows of `length` that hold every (prefix, next token) pair of the sequences once.

    A prefix begins where its window begins. OOV tokens stay as context, and are never a target: a model
    must not learn to say them. A window without a target that counts is left out.
    """
    pieces = [piece for ids in sequences for piece in _pieces(ids, length)]
    rows = POST.windows(pieces, length + 1)
    targets = rows[:, 1:]
    known = targets != POST.value
    if oov_id is not None:
        known &= targets != oov_id
    taken = known.any(axis=1)
    return Windows(rows[taken, :-1], targets[taken], known[taken])


def window_length(sequences: Sequence[Sequence[int]], wanted: int) -> int:
    """The wanted length, or less where no sequence fills it; at least 1."""
    longest = max(map(len, sequences), default=2)
    return max(1, min(wanted, longest - 1))


def _pieces(ids: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    """Pieces of at most `length + 1` tokens; each begins with the last token of the one before."""
    for start in range(0, len(ids) - 1, length):
        yield ids[start : start + length + 1]
