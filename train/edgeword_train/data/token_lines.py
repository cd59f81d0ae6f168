"""Lines of ids, one behind the other in one array: two or four bytes for each token."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray


class TokenLines(Sequence[list[int]]):
    """A sequence of lines, each a list of ids when it is asked for. Others may share its ids."""

    def __init__(self, ids: NDArray[Any], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        self.ids = ids
        """Of all lines, `[N]`, uint16 or uint32; of lines that are not of this sequence, too."""
        self.starts, self.ends = starts, ends
        """Where in them each line of this sequence begins and ends."""

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, row: int) -> list[int]: ...

    @overload
    def __getitem__(self, row: slice) -> TokenLines: ...

    def __getitem__(self, row: int | slice) -> list[int] | TokenLines:
        if isinstance(row, slice):
            return TokenLines(self.ids, self.starts[row], self.ends[row])
        ids: list[int] = self.ids[self.starts[row] : self.ends[row]].tolist()
        return ids

    def __iter__(self) -> Iterator[list[int]]:
        return (self[row] for row in range(len(self)))

    @property
    def tokens(self) -> int:
        """How many tokens its lines have."""
        return int((self.ends - self.starts).sum())

    def first(self, tokens: int) -> TokenLines:
        """Its first lines, of at most so many tokens together, and one at least."""
        count = int(np.searchsorted(np.cumsum(self.ends - self.starts), tokens, side="right"))
        return self[: max(count, 1)]

    def where(self, mask: NDArray[np.bool_]) -> TokenLines:
        """The lines of which a mask `[len]` holds."""
        return TokenLines(self.ids, self.starts[mask], self.ends[mask])


def token_lines(lines: Iterable[Sequence[int]], vocabulary: int) -> TokenLines:
    """Lines of ids below `vocabulary`, read once."""
    ids, ends = array("H" if vocabulary <= 1 << 16 else "I"), array("q")
    for line in lines:
        ids.extend(line)
        ends.append(len(ids))
    kind = np.uint16 if ids.typecode == "H" else np.uint32
    places = np.frombuffer(ends, np.int64) if ends else np.empty(0, np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), places[:-1]])[: len(places)]
    return TokenLines(np.frombuffer(ids, kind) if ids else np.empty(0, kind), starts, places)
