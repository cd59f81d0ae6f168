"""A table that is looked up and multiplied by, in an int8 TFLite file once.

The graph holds the table of tied embeddings as int8 rows (`graphs.lookup`); the converter makes int8 channels of it for
the vocabulary projection: the same values with the same scale a row, but for a rounding here and there, for which it
keeps both. Here the lookup reads the projection's.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from edgeword_export.formats.tflite_model import packed, parsed

_LARGEST_DIFFERENCE = 1
"""Of two roundings of one value."""


def share_tied_tables(content: bytes) -> bytes:
    """The file, each int8 table that is a matrix of products as well held once."""
    model = parsed(content)
    found = _int8_matrices(model)
    tied = [(table, matrix) for table, matrix in product(found, found) if _is_table_of(model, table, matrix)]
    if not tied:
        return content
    for table, matrix in tied:
        _move(model, table.buffer, matrix.buffer)
    return packed(model, len(content))


def _move(model: Any, before: int, after: int) -> None:
    """Let all tensors of a buffer read another one."""
    for tensor in (each for graph in model.subgraphs for each in graph.tensors if each.buffer == before):
        tensor.buffer = after
    model.buffers[before].data = None


def _int8_matrices(model: Any) -> list[Any]:
    """The first tensor of each buffer that holds one."""
    found: dict[int, Any] = {}
    for tensor in (each for graph in model.subgraphs for each in graph.tensors):
        is_matrix = tensor.type == schema.TensorType.INT8 and tensor.shape is not None and len(tensor.shape) == 2
        if is_matrix and model.buffers[tensor.buffer].data is not None:
            found.setdefault(tensor.buffer, tensor)
    return list(found.values())


def _is_table_of(model: Any, table: Any, matrix: Any) -> bool:
    """Whether rows without scales are those of a matrix with one a row."""
    if list(table.shape) != list(matrix.shape) or _scales(table) or _scales(matrix) != table.shape[0]:
        return False
    difference = np.subtract(_values(model, table), _values(model, matrix), dtype=np.int16)
    return bool(np.abs(difference).max() <= _LARGEST_DIFFERENCE)


def _scales(tensor: Any) -> int:
    found = tensor.quantization
    return 0 if found is None or found.scale is None else len(found.scale)


def _values(model: Any, tensor: Any) -> NDArray[np.int8]:
    return np.frombuffer(bytes(bytearray(model.buffers[tensor.buffer].data)), np.int8)
