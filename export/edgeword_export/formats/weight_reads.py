"""How many bytes of weights one run of a graph must read: the floor under its time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

# Operators that read a few rows of some inputs, and those that only give a tensor another type or shape.
_LOOKUPS = {"Gather": (0,), "GATHER": (0,), "GatherBlockQuantized": (0, 2)}
"""The places of the inputs that they are read of."""
_PASSING = {"Cast", "DequantizeLinear", "Identity", "Reshape", "CAST", "DEQUANTIZE", "RESHAPE"}


@dataclass(frozen=True)
class Operator:
    """An operator with the names of its tensors."""

    kind: str
    inputs: Sequence[str]
    outputs: Sequence[str]


@dataclass(frozen=True)
class Weight:
    """A constant tensor: its size in the file, and how many rows it has."""

    size_bytes: int
    rows: int


def weights_read(operators: Collection[Operator], weights: Mapping[str, Weight], rows_read: int) -> int:
    """Every weight once; of one that is only looked up, `rows_read` rows."""
    users: dict[str, list[tuple[Operator, int]]] = {}
    for operator in operators:
        for place, name in enumerate(operator.inputs):
            users.setdefault(name, []).append((operator, place))

    def is_table(name: str) -> bool:
        """Whether all that becomes of a tensor is a lookup of its rows."""
        return bool(users.get(name)) and all(
            place in _LOOKUPS.get(operator.kind, ())
            or (operator.kind in _PASSING and place == 0 and all(map(is_table, operator.outputs)))
            for operator, place in users[name]
        )

    return sum(
        weight.size_bytes * min(rows_read, weight.rows) // weight.rows if is_table(name) else weight.size_bytes
        for name, weight in weights.items()
        if name in users and weight.rows
    )
