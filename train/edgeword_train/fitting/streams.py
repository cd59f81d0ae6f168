"""Training examples: texts behind each other in B contiguous streams, read in chunks of T tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword_train.data.token_lines import TokenLines

# No id: what stands behind the last text.
_NOTHING = -1
# Tokens that are counted at once.
_BLOCK = 1 << 16


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
    """Lines behind each other, to be read in `rows` streams of one length, `length` tokens at a time."""

    lines: TokenLines
    order: NDArray[np.int64]
    """The number of each line, in the order in which they stand behind each other."""
    rows: int
    length: int
    oov_id: int | None
    """OOV tokens stay as context, and are never a target: a model must not learn to say them."""

    @property
    def words(self) -> int:
        """Number of targets that count in an epoch; all lines are read for it once."""
        return self._counts[0]

    @property
    def oov_rate(self) -> float:
        """Share of the tokens that are the OOV token, 0 to 1."""
        return self._counts[1] / self.tokens

    @cached_property
    def tokens(self) -> int:
        """Number of tokens."""
        return self.lines.tokens

    @property
    def steps(self) -> int:
        """Number of chunks."""
        return -(-self.tokens // (self.rows * self.length))

    def shuffled(self, random: np.random.Generator) -> Streams:
        """The same texts in another order."""
        return replace(self, order=self.order[random.permutation(len(self.order))])

    def chunks(self) -> Iterator[Chunk]:
        """All texts once."""
        size = self.steps * self.length
        for start in range(0, size, self.length):
            read = [self._read(row * size + start, self.length + 1) for row in range(self.rows)]
            ids, begins = (np.stack(each) for each in zip(*read, strict=True))
            going_on = (~begins[:, :-1]).astype(np.float32)
            shown = np.maximum(ids, 0)
            yield Chunk(shown[:, :-1], shown[:, 1:], self._known(ids, begins), going_on)

    def _read(self, first: int, count: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """So many ids from a place on, and whether a text begins at each; -1 behind the last text."""
        ids, begins, filled = np.full(count, _NOTHING, np.int32), np.zeros(count, np.bool_), 0
        number = int(np.searchsorted(self._ends, first, side="right"))
        while filled < count and number < len(self.order):
            line = self.order[number]
            skipped = first + filled - int(self._ends[number] - self.lines.length(line))
            part = self.lines.part(line, skipped, skipped + count - filled)
            begins[filled] = skipped == 0
            ids[filled : filled + len(part)] = part
            filled, number = filled + len(part), number + 1
        return ids, begins

    def _known(self, ids: Any, begins: Any) -> Any:
        """Of all but the last of the ids: whether the next one is a target that counts."""
        following = ids[..., 1:]
        return (following != _NOTHING) & ~begins[..., 1:] & (following != self.oov_id)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where each line ends, in the order in which they stand behind each other."""
        return np.cumsum(self.lines.lengths[self.order])

    @cached_property
    def _counts(self) -> tuple[int, int]:
        """The targets that count, and the OOV tokens."""
        words = unknown = 0
        for first in range(0, self.tokens, _BLOCK):
            ids, begins = self._read(first, _BLOCK + 1)
            words += int(np.count_nonzero(self._known(ids, begins)))
            unknown += int(np.count_nonzero(ids[:-1] == self.oov_id))
        return words, unknown


# A small corpus takes fewer rows, so that an epoch has about this many steps.
STEPS = 100
FEWEST_ROWS, MOST_ROWS = 4, 32


def streams_of(lines: TokenLines, oov_id: int | None, length: int, rows: int | None = None) -> Streams:
    """Lines in streams; without a number of rows, as many as suit so many tokens."""
    rows = rows or min(max(lines.tokens // (length * STEPS), FEWEST_ROWS), MOST_ROWS)
    return Streams(lines, np.arange(len(lines)), rows, length, oov_id)


def chunk_length(lines: TokenLines, wanted: int) -> int:
    """The wanted length, or less where no text fills it; at least 1."""
    longest = int(lines.lengths.max(initial=2))
    return max(1, min(wanted, longest - 1))
