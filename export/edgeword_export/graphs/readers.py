"""Which weights an embedding's rows are multiplied by: what a change of a row changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_PASSING = {
    layers.Dropout,
    layers.SpatialDropout1D,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Masking,
}
_MULTIPLYING = {layers.Dense, layers.Conv1D}


def row_moments(embedding: keras.layers.Embedding) -> Floats | None:
    """The second moments `[E, E]` over all weights that rows are multiplied by; None where more is done with them."""
    kernels = list(_kernels(embedding))
    if not kernels or any(kernel is None or len(kernel) != embedding.output_dim for kernel in kernels):
        return None
    return np.asarray(sum(kernel @ kernel.T for kernel in kernels if kernel is not None), np.float32)


def _kernels(layer: keras.layers.Layer) -> Iterator[Floats | None]:
    """Weights `[E, outputs]` behind a layer; None for what reads its output otherwise."""
    for node in layer._outbound_nodes:
        operation = node.operation
        if type(operation) in _PASSING:
            yield from _kernels(operation)
        else:
            yield from (_matrix(kernel) for kernel in _own_kernels(operation))


def _own_kernels(operation: Any) -> list[Any]:
    """Each kernel that an operation multiplies its input by, `[…, E, outputs]`; `[None]` where that is not known."""
    if isinstance(operation, layers.Bidirectional):
        return [*_own_kernels(operation.forward_layer), *_own_kernels(operation.backward_layer)]
    if isinstance(operation, layers.RNN):
        cell = getattr(operation.cell, "cells", [operation.cell])[0]
        return [getattr(cell, "kernel", None)]
    return [operation.kernel if type(operation) in _MULTIPLYING else None]


def _matrix(kernel: Any) -> Floats | None:
    if kernel is None:
        return None
    values = np.asarray(kernel)
    return np.moveaxis(values, -2, 0).reshape(values.shape[-2], -1)
