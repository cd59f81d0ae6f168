"""Lines of ids, one behind the other in a temporary file: nothing of them is in memory but what is being read."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from edgeword_train.data.scratch import Scratch


class StoredIds:
    """Ids below `vocabulary` behind each other, two bytes for each, four above 65,536 ids."""

    def __init__(self, vocabulary: int) -> None:
        self._code = "H" if vocabulary <= 1 << 16 else "I"
        self.dtype: np.dtype[Any] = np.dtype(self._code)
        self._scratch = Scratch()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, ids: Sequence[int]) -> None:
        """Add ids to the end."""
        self._scratch.write(array(self._code, ids).tobytes())
        self._count += len(ids)

    def flush(self) -> None:
        """Let all of them be read."""
        self._scratch.flush()

    def between(self, start: int, end: int) -> NDArray[Any]:
        """The ids from one place to another, read anew."""
        size = self.dtype.itemsize
        content = os.pread(self._scratch.file.fileno(), (end - start) * size, start * size)
        return np.frombuffer(content, self.dtype)


class TokenLines(Sequence[list[int]]):
    """A sequence of lines, each a list of ids when it is asked for. Others may share its ids."""

    def __init__(self, ids: StoredIds, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        self.ids = ids
        """Of all lines; of lines that are not of this sequence, too."""
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
        ids: list[int] = self.part(row, 0, self.length(row)).tolist()
        return ids

    def __iter__(self) -> Iterator[list[int]]:
        return (self[row] for row in range(len(self)))

    def part(self, row: int, start: int, end: int) -> NDArray[Any]:
        """The tokens of a line from one place to another, or to its end."""
        first = int(self.starts[row])
        return self.ids.between(first + start, min(first + end, int(self.ends[row])))

    def length(self, row: int) -> int:
        """How many tokens a line has."""
        return int(self.ends[row] - self.starts[row])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many tokens each line has, `[len]`."""
        return self.ends - self.starts

    @property
    def tokens(self) -> int:
        """How many tokens its lines have."""
        return int(self.lengths.sum())

    def first(self, tokens: int) -> TokenLines:
        """Its first lines, of at most so many tokens together, and one at least."""
        count = int(np.searchsorted(np.cumsum(self.lengths), tokens, side="right"))
        return self[: max(count, 1)]

    def where(self, mask: NDArray[np.bool_]) -> TokenLines:
        """The lines of which a mask `[len]` holds."""
        return TokenLines(self.ids, self.starts[mask], self.ends[mask])


def token_lines(lines: Iterable[Sequence[int]], vocabulary: int) -> TokenLines:
    """Lines of ids below `vocabulary`, read once."""
    ids, places = StoredIds(vocabulary), array("q", [0])
    for line in lines:
        ids.extend(line)
        places.append(len(ids))
    ids.flush()
    bounds = np.frombuffer(places, np.int64)
    return TokenLines(ids, bounds[:-1], bounds[1:])
