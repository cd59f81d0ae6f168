"""Weights of ONNX' recurrent operators as int8, which the quantizers leave in float32 or know of LSTM alone."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LARGEST_INT8 = 127
# ONNX Runtime multiplies an LSTM in int8. For the others it has no such operator: they compute in float32.
_STORED = ("GRU", "RNN")
_WEIGHTS = slice(1, 3)


def has_lstm(graph: onnx.GraphProto) -> bool:
    """Whether there is an LSTM to quantize."""
    return any(node.op_type == "LSTM" for node in graph.node)


def store_as_int8(graph: onnx.GraphProto) -> None:
    """Weights `[1, gates * U, E]` of GRU and RNN as int8 with a scale for each row, taken apart where they are read."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    names = dict.fromkeys(name for node in graph.node if node.op_type in _STORED for name in node.input[_WEIGHTS])
    for name in names:
        rows, scales = _rounded(onnx.numpy_helper.to_array(tensors[name]))
        parts = {f"{name}_int8": rows, f"{name}_scales": scales}
        graph.initializer.remove(tensors[name])
        graph.initializer.extend(onnx.numpy_helper.from_array(values, part) for part, values in parts.items())
        graph.node.insert(0, onnx.helper.make_node("DequantizeLinear", list(parts), [name], axis=1))


def _rounded(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    scales = np.abs(weights).max(axis=(0, 2)) / _LARGEST_INT8
    scales = np.maximum(scales, np.finfo(np.float32).tiny).astype(np.float32)
    return np.round(weights / scales[:, None]).astype(np.int8), scales
