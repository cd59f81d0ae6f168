"""Which ids may be said, and which may be said after what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgeword.frozen import frozen

# Up to so many ids are written one by one in less time than an array is added.
_FEW = 64


@frozen
class Permitted:
    """The ids that may be said, bool `[V]`, and the sequences of ids that may never be completed."""

    mask: NDArray[np.bool_]
    phrases: tuple[tuple[int, ...], ...] = ()
    end_id: int | None = None
    """The id whose token ends a text, where that may be said; None where a text has no end of its own."""

    @cached_property
    def ending(self) -> Permitted:
        """With the end among the ids that may be said."""
        if self.end_id is None:
            return self
        mask = self.mask.copy()
        mask[self.end_id] = True
        return Permitted(mask, self.phrases)

    @cached_property
    def table(self) -> bytes:
        """The mask as bytes: asked for one id, several times faster than an array."""
        return self.mask.tobytes()

    @cached_property
    def ids(self) -> NDArray[np.intp]:
        """The ids that may be said, ascending."""
        return np.flatnonzero(self.mask)

    @cached_property
    def _denied(self) -> NDArray[np.intp]:
        return np.flatnonzero(~self.mask)

    @cached_property
    def _barrier(self) -> NDArray[np.float32]:
        """0 where an id may be said and -inf where not, `[V]`."""
        return np.where(self.mask, np.float32(0), np.float32(-np.inf))

    def take_away(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Write -inf into logits, `[V]` or `[B, V]`, for each id that may not be said, and return them."""
        if len(self._denied) > _FEW:
            return np.add(logits, self._barrier, out=logits)
        logits[..., self._denied] = -np.inf
        return logits

    def completing(self, history: Sequence[int] | NDArray[np.intp]) -> list[int]:
        """The ids that would complete a denied phrase after these ids."""
        longest = max(map(len, self.phrases), default=1) - 1
        tail = tuple(map(int, history[max(len(history) - longest, 0) :]))
        return [ids[-1] for ids in self.phrases if tail[max(len(tail) - len(ids) + 1, 0) :] == ids[:-1]]
