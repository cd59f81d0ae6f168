"""TFLite files taken apart, changed, and packed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

Maker = Callable[[bytes], bytes]
Edit = Callable[[Any], object]
Operators = schema.BuiltinOperator
Types = schema.TensorType


def pack(model: Any) -> bytes:
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def edited(edit: Edit) -> Maker:
    def make(content: bytes) -> bytes:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        edit(model)
        return pack(model)

    return make


def signature(model: Any, name: str = "step") -> Any:
    return next(item for item in model.signatureDefs if item.signatureKey.decode() == name)


def graph_of(model: Any) -> Any:
    return model.subgraphs[signature(model).subgraphIndex]


def end_of(model: Any, name: str) -> Any:
    """The row of the signature that gives a tensor its name."""
    ends = signature(model)
    return next(item for item in [*ends.inputs, *ends.outputs] if item.name.decode() == name)


def tensor_of(model: Any, name: str) -> Any:
    return graph_of(model).tensors[end_of(model, name).tensorIndex]


def code(model: Any, operator: int, custom: str | None = None) -> int:
    """The number of a new row for an operator."""
    row = schema.OperatorCodeT()
    row.builtinCode, row.deprecatedBuiltinCode, row.version, row.customCode = operator, min(operator, 127), 1, custom
    model.operatorCodes.append(row)
    return len(model.operatorCodes) - 1


def constant(model: Any, value: Any, dtype: int = Types.INT32) -> Any:
    """A tensor that holds an array."""
    array = np.asarray(value)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    model.buffers.append(buffer)
    return blank(list(array.shape), dtype, len(model.buffers) - 1)


def blank(shape: list[int], dtype: int, buffer: int = 0) -> Any:
    tensor = schema.TensorT()
    tensor.shape, tensor.type, tensor.buffer, tensor.name = np.array(shape, np.int32), dtype, buffer, "added"
    return tensor


def operation(model: Any, operator: int, inputs: list[int], outputs: list[int], custom: str | None = None) -> Any:
    row = schema.OperatorT()
    row.opcodeIndex, row.inputs, row.outputs = code(model, operator, custom), inputs, outputs
    return row


def added(graph: Any, tensor: Any) -> int:
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def subgraph(tensors: list[Any], inputs: list[int], outputs: list[int], operators: list[Any]) -> Any:
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, inputs, outputs, operators
    graph.name = "added"
    return graph
