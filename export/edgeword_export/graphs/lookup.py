"""The embedding table in a graph: rows as they are, or rows of integers with a scale each.

Quantizers either leave the table in float32 or give it one scale for all words. Here each row has its own, and the
graph multiplies it back: `row = int8 row * (int32 scale * unit)`. The scales are stored as integers because the
converters would quantize a table of floats once more. No converter knows rows of 4 bits: they are int8 in the graph,
and the formats pack them.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeword_export.graphs.readers import row_moments
from edgeword_export.graphs.signature import TableBits
from edgeword_export.rounding import rounded

Rows = tuple[NDArray[np.int8], NDArray[np.int32], float]
"""Integers `[V, E]`, their int32 scales `[V, 1]` and the unit: `table ≈ rows * scales * unit`."""

_FOUR = 4
_LARGEST_INT8 = 127
_LARGEST_INT32 = 2**31 - 1


class Lookup:
    """An embedding's call without Keras' care for negative ids, which costs four more operators a word."""

    def __init__(self, embedding: keras.layers.Embedding, bits: TableBits = None) -> None:
        self._embedding = embedding
        # Read now: inside a graph a variable has no value yet.
        self._quantized = _quantized(embedding, bits) if bits else None

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


def _quantized(embedding: keras.layers.Embedding, bits: int) -> Rows:
    """Rows of 4 bits only where it is known what they are multiplied by, and where they fill whole bytes."""
    table = embedding.embeddings.numpy()
    moments = row_moments(embedding) if bits == _FOUR and table.shape[1] % 2 == 0 else None
    return quantize_rows(table) if moments is None else round_rows(table, moments)


def round_rows(table: NDArray[np.float32], moments: NDArray[np.float32]) -> Rows:
    """Rows of 4 bits, of which the products change least; `moments` `[E, E]` are those of the weights behind them."""
    found = rounded(table.T, moments, _FOUR)
    unit = float(found.scales.max()) / _LARGEST_INT32
    return found.integers.T.copy(), np.rint(found.scales.T.astype(np.float64) / unit).astype(np.int32), unit


def quantize_rows(table: NDArray[np.float32]) -> Rows:
    """Symmetric rows of 8 bits, each rounded to the nearest."""
    scales = np.abs(table).max(axis=1, keepdims=True) / _LARGEST_INT8
    unit = float(max(scales.max(), np.finfo(np.float32).tiny)) / _LARGEST_INT32
    # Rounded up: a scale that is too small for its row would cut the largest values off.
    steps = np.clip(np.ceil(scales.astype(np.float64) / unit), 1, _LARGEST_INT32)
    rows = np.clip(np.round(table / (steps * unit)), -_LARGEST_INT8, _LARGEST_INT8)
    return rows.astype(np.int8), steps.astype(np.int32), unit
