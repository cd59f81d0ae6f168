"""The padding rule: sequences of any length to windows of one length, as Keras' `pad_sequences`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from edgeword.errors import UsageError
from edgeword.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Side = Literal["pre", "post"]
SIDES: tuple[Side, ...] = ("pre", "post")
_INT32 = np.iinfo(np.int32)


@frozen
class Padding:
    """Where a short sequence gets `value` and where a long one is cut; Keras' defaults.

    Raises UsageError for a side other than "pre" and "post" and for a value that is not an int32.
    """

    side: Side = "pre"
    truncating: Side = "pre"
    value: int = 0

    def __post_init__(self) -> None:
        for name in ("side", "truncating"):
            if getattr(self, name) not in SIDES:
                raise UsageError(f"padding: {name} must be 'pre' or 'post', not {getattr(self, name)!r}")
        if type(self.value) is not int or not _INT32.min <= self.value <= _INT32.max:
            raise UsageError(f"padding: value must be an integer of 32 bits, not {self.value!r}")

    def window(self, ids: Sequence[int], length: int) -> NDArray[np.int32]:
        """Window `[length]` int32 of one sequence; UsageError for a length below 1."""
        row: NDArray[np.int32] = self.windows([ids], length)[0]
        return row

    def kept(self, ids: Sequence[int], length: int) -> Sequence[int]:
        """What a window of this length shows of a sequence."""
        return ids[-length:] if self.truncating == "pre" else ids[:length]

    def windows(self, sequences: Sequence[Sequence[int]], length: int) -> NDArray[np.int32]:
        """Windows `[N, length]` int32 of N sequences; UsageError for a length below 1."""
        if length < 1:
            raise UsageError(f"padding: the window needs a length of 1 or more, not {length}")
        rows = np.full((len(sequences), length), self.value, np.int32)
        for row, ids in zip(rows, sequences, strict=True):
            kept = self.kept(ids, length)
            start = length - len(kept) if self.side == "pre" else 0
            row[start : start + len(kept)] = kept
        return rows
