"""Which form a recurrent layer takes over a window, by cell and length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from edgeword_export.errors import ConversionError
from edgeword_export.graphs.recurrence import unrolled
from edgeword_export.graphs.sequences.fused import Forward, fused
from edgeword_export.graphs.sequences.loop import looped
from edgeword_export.graphs.sequences.onnx_operators import onnx_operator
from edgeword_export.graphs.signature import Recurrence

Call = Callable[..., Any]


@dataclass(frozen=True)
class _Form:
    operator: Callable[[keras.layers.Layer], Forward | None]
    """A cell's operator, or None where it has none."""
    loops: bool
    """Whether what has no operator may become a loop of the graph."""

    @property
    def longest(self) -> int:
        """Up to so many positions a cell is written once for each of them."""
        # Past 32 a loop is smaller and faster; past 128 a graph without one takes a minute to convert.
        return 32 if self.loops else 128


def _none(_cell: keras.layers.Layer) -> None:
    return None


_FORMS: dict[Recurrence, _Form] = {
    "loop": _Form(_none, loops=True),
    "unrolled": _Form(_none, loops=False),
    "onnx": _Form(onnx_operator, loops=False),
}

# What begins where its cell does; a subclass may begin elsewhere.
_PLAIN = (layers.RNN, layers.LSTM, layers.GRU, layers.SimpleRNN)


def over_window(layer: keras.layers.RNN, recurrence: Recurrence) -> Call:
    """A call of the layer: as an operator, else cell after cell where the window is short, else in a loop."""
    form = _FORMS[recurrence]
    operator = form.operator(layer.cell) if type(layer) in _PLAIN else None
    by_cell = _by_cell(layer, form)
    return by_cell if operator is None else fused(layer, operator, by_cell)


def _by_cell(layer: keras.layers.RNN, form: _Form) -> Call:
    def call(sequences: Any, *given: Any, **options: Any) -> Any:
        length = sequences.shape[1]
        if length <= form.longest:
            return unrolled(layer)(sequences, *given, **options)
        if form.loops:
            return looped(layer)(sequences, *given, **options)
        raise ConversionError(
            f"layer {layer.name!r} ({type(layer.cell).__name__}) has no operator here, and its cell would be written "
            f"{length} times, once for each position of the window, where {form.longest} are allowed: give a shorter "
            "--window, or leave this file out (--formats, --precisions)"
        )

    return call
