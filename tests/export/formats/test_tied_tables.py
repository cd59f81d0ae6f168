"""An int8 table that is a matrix of products as well is in the file once; what only resembles one stays."""

from __future__ import annotations

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeword_export.formats.tied_tables import share_tied_tables

ROWS = np.random.default_rng(0).integers(-127, 127, (50, 8)).astype(np.int8)


def tensor(buffer, scales):
    quantization = schema.QuantizationParametersT()
    quantization.scale = [0.5] * scales if scales else None
    made = schema.TensorT()
    made.shape, made.type, made.buffer, made.quantization = [50, 8], schema.TensorType.INT8, buffer, quantization
    return made


def file(matrix, scales):
    graph = schema.SubGraphT()
    graph.tensors = [tensor(1, 0), tensor(2, scales), tensor(1, 0)]
    model = schema.ModelT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT() for _ in range(3)]
    model.buffers[1].data, model.buffers[2].data = ROWS.ravel().view(np.uint8), matrix.ravel().view(np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def rounded_otherwise():
    other = ROWS.copy()
    other[3, 4] += 1
    return other


@pytest.mark.parametrize(
    ("matrix", "scales", "shared"),
    [(ROWS, 50, True), (rounded_otherwise(), 50, True), (ROWS[::-1].copy(), 50, False), (ROWS, 1, False)],
)
def test_only_a_table_with_the_values_of_a_matrix_moves_into_it(matrix, scales, shared):
    content = file(matrix, scales)
    found = share_tied_tables(content)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(found, 0))
    assert [each.buffer for each in model.subgraphs[0].tensors] == ([2, 2, 2] if shared else [1, 2, 1])
    assert (len(found) <= len(content) - ROWS.size, found == content) == (shared, not shared)
