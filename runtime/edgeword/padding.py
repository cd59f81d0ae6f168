"""The padding rule: sequences of any length to windows of one length, as Keras' `pad_sequences`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from edgeword.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Side = Literal["pre", "post"]
SIDES: tuple[Side, ...] = ("pre", "post")
_INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
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

    def windows(self, sequences: Sequence[Sequence[int]], length: int) -> NDArray[np.int32]:
        """Windows `[N, length]` int32 of N sequences; UsageError for a length below 1."""
        if length < 1:
            raise UsageError(f"padding: the window needs a length of 1 or more, not {length}")
        rows = np.full((len(sequences), length), self.value, np.int32)
        for row, ids in zip(rows, sequences, strict=True):
            kept = ids[-length:] if self.truncating == "pre" else ids[:length]
            start = length - len(kept) if self.side == "pre" else 0
            row[start : start + len(kept)] = kept
        return rows

    def to_dict(self) -> dict[str, Any]:
        """The three fields, of JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Padding:
        """Read what `to_dict` gives; UsageError for a missing or unknown key or an unusable value."""
        wanted = [field.name for field in fields(cls)]
        for key in wanted:
            if key not in data:
                raise UsageError(f"padding: the key {key!r} is missing; the keys are {', '.join(wanted)}")
        for key in data:
            if key not in wanted:
                raise UsageError(f"padding: unknown key {key!r}; the keys are {', '.join(wanted)}")
        return cls(**data)
