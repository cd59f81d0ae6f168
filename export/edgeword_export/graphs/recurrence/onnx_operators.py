"""ONNX' own recurrent operators, LSTM, GRU and RNN, in the place of Keras' cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import activations, layers
from numpy.typing import NDArray

from edgeword_export.graphs.recurrence.fused import Forward
from edgeword_export.graphs.recurrence.onnx_carrier import carried
from edgeword_export.keras_files.activations import keras_2_hard_sigmoid

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Kind:
    """How ONNX wants a cell."""

    operator: str
    gates: tuple[int, ...]
    """ONNX' order of the gates, as places in Keras' order."""
    activated: Callable[[Any], Sequence[Any]]
    """The activations of a cell, in ONNX' order."""


_KINDS: dict[type, _Kind] = {
    layers.LSTMCell: _Kind(
        "LSTM", (0, 3, 1, 2), lambda cell: (cell.recurrent_activation, cell.activation, cell.activation)
    ),
    layers.GRUCell: _Kind("GRU", (0, 1, 2), lambda cell: (cell.recurrent_activation, cell.activation)),
    layers.SimpleRNNCell: _Kind("RNN", (0,), lambda cell: (cell.activation,)),
}

# A function's name in ONNX, and its alpha and beta where it has them.
_ACTIVATIONS: dict[Any, tuple[Any, ...]] = {
    activations.tanh: ("Tanh",),
    activations.sigmoid: ("Sigmoid",),
    activations.relu: ("Relu",),
    activations.linear: ("Affine", 1.0, 0.0),
    activations.hard_sigmoid: ("HardSigmoid", 1 / 6, 0.5),
    keras_2_hard_sigmoid: ("HardSigmoid", 0.2, 0.5),
}


def onnx_operator(cell: keras.layers.Layer) -> Forward | None:
    """`[B, L, E] → [B, L, U]` from a state of zeros; None of a cell that ONNX has no operator for."""
    if type(cell) is layers.StackedRNNCells:
        stack = [operator for each in cell.cells if (operator := onnx_operator(each))]
        whole = len(stack) == len(cell.cells)
        return (lambda rows: reduce(lambda read, operator: operator(read), stack, rows)) if whole else None
    kind = _KINDS.get(type(cell))
    if kind is None or any(function not in _ACTIVATIONS for function in kind.activated(cell)):
        return None
    # Read now: inside a graph a variable has no value yet.
    weights = [_transposed(kind, cell.kernel), _transposed(kind, cell.recurrent_kernel), _biases(kind, cell)]
    attributes = _attributes(kind, cell)

    def run(sequences: Any) -> Any:
        batch, length, _ = sequences.shape
        inputs = [tf.transpose(sequences, (1, 0, 2)), *map(tf.constant, weights)]
        outputs = carried(kind.operator, inputs, attributes, (length, 1, batch, cell.units))
        return tf.transpose(outputs[:, 0], (1, 0, 2))

    return run


def _attributes(kind: _Kind, cell: Any) -> dict[str, Any]:
    functions = [_ACTIVATIONS[function] for function in kind.activated(cell)]
    found: dict[str, Any] = {"hidden_size": cell.units, "activations": [name for name, *_ in functions]}
    parameters = [values for _, *values in functions if values]
    if parameters:
        found["activation_alpha"], found["activation_beta"] = map(list, zip(*parameters, strict=True))
    if kind.operator == "GRU":
        found["linear_before_reset"] = int(cell.reset_after)
    return found


def _transposed(kind: _Kind, kernel: Any) -> Floats:
    """Keras' `[E, gates * U]` as ONNX' `[1, gates * U, E]`."""
    gates = np.split(np.asarray(kernel, np.float32), len(kind.gates), axis=1)
    return np.concatenate([gates[place].T for place in kind.gates])[None]


def _biases(kind: _Kind, cell: Any) -> Floats:
    """`[1, 2 * gates * U]`: of the inputs, then of the state, which only GRU has apart."""
    size = len(kind.gates) * cell.units
    both = np.zeros((2, size), np.float32)
    if cell.use_bias:
        found = np.asarray(cell.bias, np.float32).reshape(-1, size)
        both[: len(found)] = found
    ordered = [np.split(row, len(kind.gates))[place] for row in both for place in kind.gates]
    return np.concatenate(ordered)[None]
