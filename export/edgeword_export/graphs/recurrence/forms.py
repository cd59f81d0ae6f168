"""Which form a recurrent layer takes over a whole window: a loop of the graph, cell after cell, or one operator."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from edgeword_export.errors import ConversionError
from edgeword_export.graphs.recurrence.cells import Call, looped, unrolled
from edgeword_export.graphs.recurrence.fused import fused
from edgeword_export.graphs.recurrence.onnx_operators import onnx_operator
from edgeword_export.graphs.signature import Recurrence

# A minute of conversion, and a file that is many times its weights.
_MOST_CELLS = 128

# What begins where its cell does; a subclass may begin elsewhere.
_PLAIN = (layers.RNN, layers.LSTM, layers.GRU, layers.SimpleRNN)


def over_window(layer: keras.layers.RNN, recurrence: Recurrence) -> Call:
    """A call of the layer on `[B, L, E]`; raises ConversionError where its cell would be written too often."""
    if recurrence == "loop":
        return looped(layer)
    operator = onnx_operator(layer.cell) if recurrence == "onnx" and type(layer) in _PLAIN else None
    return _written_out(layer) if operator is None else fused(layer, operator, otherwise=_written_out(layer))


def _written_out(layer: keras.layers.RNN) -> Call:
    def call(sequences: Any, *given: Any, **options: Any) -> Any:
        if sequences.shape[1] > _MOST_CELLS:
            raise ConversionError(
                f"layer {layer.name!r} ({type(layer.cell).__name__}) has no operator here, and its cell would be "
                f"written {sequences.shape[1]} times, once for each position of the window, where {_MOST_CELLS} are "
                "allowed: give a shorter --window, or leave this file out (--formats, --precisions)"
            )
        return unrolled(layer)(sequences, *given, **options)

    return call
