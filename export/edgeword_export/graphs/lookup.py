"""The embedding table in a graph: rows as they are, or rows of int8 with a scale each.

Quantizers either leave the table in float32 or give it one scale for all words. Here each row has its own, and the
graph multiplies it back: `row = int8 row * (int32 scale * unit)`. The scales are stored as integers because the
converters would quantize a table of floats once more.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

_LARGEST_INT8 = 127
_LARGEST_INT32 = 2**31 - 1


class Lookup:
    """An embedding's call without Keras' care for negative ids, which costs four more operators a word."""

    def __init__(self, embedding: keras.layers.Embedding, int8_rows: bool) -> None:
        self._embedding = embedding
        # Read now: inside a graph a variable has no value yet.
        self._quantized = quantize_rows(embedding.embeddings.numpy()) if int8_rows else None

    def __call__(self, inputs: Any, reverse: bool = False) -> Any:
        """Rows of the table, `[1, T]` → `[1, T, E]`; with `reverse`, the tied vocabulary projection."""
        if reverse:
            return type(self._embedding).call(self._embedding, inputs, reverse=True)
        ids = inputs if inputs.dtype in (tf.int32, tf.int64) else tf.cast(inputs, tf.int32)
        return tf.cast(self._rows(ids), self._embedding.compute_dtype)

    def _rows(self, ids: Any) -> Any:
        if self._quantized is None:
            return tf.gather(self._embedding.embeddings, ids)
        rows, scales, unit = self._quantized
        scale = tf.cast(tf.gather(tf.constant(scales), ids), tf.float32) * unit
        return tf.cast(tf.gather(tf.constant(rows), ids), tf.float32) * scale


def quantize_rows(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.int32], float]:
    """Symmetric int8 rows `[V, E]`, their int32 scales `[V, 1]` and the unit: `table ≈ rows * scales * unit`."""
    scales = np.abs(table).max(axis=1, keepdims=True) / _LARGEST_INT8
    unit = float(max(scales.max(), np.finfo(np.float32).tiny)) / _LARGEST_INT32
    # Rounded up: a scale that is too small for its row would cut the largest values off.
    steps = np.clip(np.ceil(scales.astype(np.float64) / unit), 1, _LARGEST_INT32)
    rows = np.clip(np.round(table / (steps * unit)), -_LARGEST_INT8, _LARGEST_INT8)
    return rows.astype(np.int8), steps.astype(np.int32), unit
