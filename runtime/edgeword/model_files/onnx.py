"""ONNX files: what stands in one, read from its bytes. No tensor is copied, no package of ONNX's is imported.

The numbers of the fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgeword.model_files.layout import Layout, ModelFileError, Tensor, named
from edgeword.model_files.onnx_operators import OPERATORS
from edgeword.model_files.protobuf import BYTES, FIXED32, FIXED64, VARINT, Reader, Span, Values, message

_EXTERNAL = "data outside of the file"
_SUBGRAPH = "a graph within an operator"
_SPARSE = "a sparse tensor"

_MODEL = message(
    "model",
    {
        "ir_version": (1, VARINT),
        "producer_name": (2, BYTES),
        "producer_version": (3, BYTES),
        "domain": (4, BYTES),
        "model_version": (5, VARINT),
        "doc_string": (6, BYTES),
        "graph": (7, BYTES),
    },
    {"opset_import": (8, BYTES), "metadata_props": (14, BYTES)},
    {20: "training", 25: "functions", 26: "devices"},
)
_OPSET = message("opset_import", {"domain": (1, BYTES), "version": (2, VARINT)})
_GRAPH = message(
    "graph",
    {"name": (2, BYTES), "doc_string": (10, BYTES)},
    {
        "node": (1, BYTES),
        "initializer": (5, BYTES),
        "input": (11, BYTES),
        "output": (12, BYTES),
        "value_info": (13, BYTES),
        "metadata_props": (16, BYTES),
    },
    {14: "quantization by annotations", 15: _SPARSE},
)
_NODE = message(
    "node",
    {"name": (3, BYTES), "op_type": (4, BYTES), "doc_string": (6, BYTES), "domain": (7, BYTES)},
    {"input": (1, BYTES), "output": (2, BYTES), "attribute": (5, BYTES), "metadata_props": (9, BYTES)},
    {8: "a function's overload", 10: "devices"},
)
_ATTRIBUTE = message(
    "attribute",
    {
        "name": (1, BYTES),
        "f": (2, FIXED32),
        "i": (3, VARINT),
        "s": (4, BYTES),
        "t": (5, BYTES),
        "doc_string": (13, BYTES),
        "type": (20, VARINT),
    },
    {"floats": (7, BYTES, FIXED32), "ints": (8, BYTES, VARINT), "strings": (9, BYTES), "tensors": (10, BYTES)},
    {6: _SUBGRAPH, 11: _SUBGRAPH, 14: "a type", 15: "types", 21: "a function's argument", 22: _SPARSE, 23: _SPARSE},
)
_TENSOR = message(
    "tensor",
    {
        "data_type": (2, VARINT),
        "name": (8, BYTES),
        "raw_data": (9, BYTES),
        "doc_string": (12, BYTES),
        "data_location": (14, VARINT),
    },
    {
        "dims": (1, BYTES, VARINT),
        "float_data": (4, BYTES, FIXED32),
        "int32_data": (5, BYTES, VARINT),
        "int64_data": (7, BYTES, VARINT),
        "double_data": (10, BYTES, FIXED64),
        "uint64_data": (11, BYTES, VARINT),
        "metadata_props": (16, BYTES),
    },
    {3: "a segment", 6: "texts", 13: _EXTERNAL},
)
_VALUE = message(
    "input or output", {"name": (1, BYTES), "type": (2, BYTES), "doc_string": (3, BYTES)}, {"props": (4, BYTES)}
)
_NO_TENSORS = dict.fromkeys((4, 5, 7, 8, 9), "what is no tensor")
_TYPE = message("type", {"tensor_type": (1, BYTES), "denotation": (6, BYTES)}, refused=_NO_TENSORS)
_TENSOR_TYPE = message("type", {"elem_type": (1, VARINT), "shape": (2, BYTES)})
_SHAPE = message("shape", {}, {"dim": (1, BYTES)})
_DIMENSION = message("shape", {"dim_value": (1, VARINT), "dim_param": (2, BYTES), "denotation": (3, BYTES)})
# The first axis where it is free: one row of a text each.
_ROWS = "rows"

_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
# `TensorProto.DataType`: what weights and constants may be.
_WEIGHTS = frozenset((1, 2, 3, 6, 7, 9, 10, 21, 22))  # float32 uint8 int8 int32 int64 bool float16 uint4 int4
_INPUTS = {1: "float32", 6: "int32"}
# The identifier of onnxruntime's own format, which may stand in a file that is read as ONNX as well.
_ORT_FORMAT = (4, b"ORTM")


def read(content: bytes) -> Mapping[str, Layout]:
    """The graph of an ONNX file under its signature's name; raises ModelFileError for what it must not hold."""
    at, identifier = _ORT_FORMAT
    if content[at : at + len(identifier)] == identifier:
        raise ModelFileError("the file is of onnxruntime's own format, not of ONNX")
    reader = Reader(content)
    model = reader.read((0, len(content)), _MODEL)
    _check_domains(reader, model.get("opset_import", ()))
    graph = reader.read(_only(model, "graph", "model"), _GRAPH)
    for node in graph.get("node", ()):
        _check_node(reader, reader.read(node, _NODE))
    weights = _checked_tensors(reader, graph.get("initializer", ()))
    inputs, outputs = (named(kind, _tensors(reader, graph.get(kind, ()), kind)) for kind in ("input", "output"))
    inputs = {name: tensor for name, tensor in inputs.items() if name not in weights}  # the others have a default
    return {"window" if "ids" in inputs else "step": Layout(inputs, outputs)}


def _only(values: Values, name: str, where: str) -> Span:
    found: list[Span] = values.get(name, [])
    if not found:
        raise ModelFileError(f"the file has no {name} in its {where}; it is no ONNX file")
    return found[0]


def _text(reader: Reader, values: Values, name: str) -> str:
    found = values.get(name)
    return reader.text(found[0]) if found else ""


def _check_domains(reader: Reader, imports: Sequence[Span]) -> None:
    for span in imports:
        domain = _text(reader, reader.read(span, _OPSET), "domain")
        if domain not in _DOMAINS:
            raise ModelFileError(f"the file takes operators from {domain!r}, which edgeword does not know")


def _check_node(reader: Reader, node: Values) -> None:
    operator, domain = _text(reader, node, "op_type"), _text(reader, node, "domain")
    if operator not in OPERATORS.get(domain, ()):
        named_so = f"{domain}.{operator}" if domain else operator
        raise ModelFileError(f"the file holds the operator {named_so!r}, which no next-word model needs")
    for span in node.get("attribute", ()):
        attribute = reader.read(span, _ATTRIBUTE)
        _checked_tensors(reader, [*attribute.get("t", ()), *attribute.get("tensors", ())])


def _checked_tensors(reader: Reader, spans: Sequence[Span]) -> set[str]:
    """The names of weights and constants that a file may hold."""
    names = set()
    for span in spans:
        tensor = reader.read(span, _TENSOR)
        if any(tensor.get("data_location", ())):
            raise ModelFileError(f"the file holds {_EXTERNAL} in its tensor, which no next-word model needs")
        (kind,) = tensor.get("data_type", (0,))
        if kind not in _WEIGHTS:
            raise ModelFileError(f"the file holds a tensor of data type {kind}, which no next-word model needs")
        names.add(_text(reader, tensor, "name"))
    return names


def _tensors(reader: Reader, spans: Sequence[Span], kind: str) -> Iterator[tuple[str, Tensor]]:
    for span in spans:
        value = reader.read(span, _VALUE)
        name = _text(reader, value, "name")
        tensor = reader.read(_only(reader.read(_only(value, "type", kind), _TYPE), "tensor_type", kind), _TENSOR_TYPE)
        (dtype,) = tensor.get("elem_type", (0,))
        if dtype not in _INPUTS:
            raise ModelFileError(f"the file has the {kind} {name!r} of data type {dtype}, not int32 or float32")
        yield name, Tensor(_INPUTS[dtype], _shape(reader, _only(tensor, "shape", kind)))


def _shape(reader: Reader, span: Span) -> tuple[int, ...]:
    """1 stands for a first axis that is free, 0 for a size that is not said."""
    dims = [reader.read(dim, _DIMENSION) for dim in reader.read(span, _SHAPE).get("dim", ())]
    sizes = [dim.get("dim_value", (0,))[0] for dim in dims]
    if dims and _text(reader, dims[0], "dim_param") == _ROWS:
        sizes[0] = 1
    return tuple(sizes)
