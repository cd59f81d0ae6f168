"""TFLite files: what stands in one, read from its bytes. No tensor is copied, no package of others is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

from edgeword.model_files import tflite_model as schema
from edgeword.model_files.layout import MOST_ELEMENTS, Layout, ModelFileError, Tensor, Tensors, named
from edgeword.model_files.tflite_model import Model, Subgraph, item
from edgeword.model_files.tflite_operators import OPERATORS, WHILE, called

_IDENTIFIER = slice(4, 8), b"TFL3"
# `TensorType`: what tensors may be.
_TYPES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8", 17: "int4"}
_INPUTS = ("float32", "int32")
_MOST_SIGNATURES = 16


def read(content: bytes) -> Mapping[str, Layout]:
    """The graphs of a TFLite file by their signatures; raises ModelFileError for what it must not hold."""
    place, identifier = _IDENTIFIER
    if content[place] != identifier:
        raise ModelFileError("the file is no TFLite file")
    model = Model(content)
    _check_operators(model)
    if any(model.file.place(model.root, field) for field in schema.OUTSIDE):
        raise ModelFileError("the file holds data outside of the file, which no next-word model needs")
    for graph in model.subgraphs:
        _check_tensors(model, graph)
    return dict(_signatures(model))


def _check_operators(model: Model) -> None:
    for kind in model.codes:
        if kind not in OPERATORS:
            raise ModelFileError(f"the file holds the operator {called(kind)}, which no next-word model needs")
    if WHILE in model.codes:
        from edgeword.model_files.counted_loops import check_loops  # few files have any

        check_loops(model)


def _check_tensors(model: Model, graph: Subgraph) -> None:
    file, elements = model.file, 0
    for at in graph.tensors:
        if file.int8(at, schema.TYPE) not in _TYPES:
            raise ModelFileError(f"the file holds a tensor of type {file.int8(at, schema.TYPE)}")
        for field, what in schema.REFUSED_OF_TENSORS.items():
            if file.place(at, field):
                raise ModelFileError(f"the file holds a tensor with {what}, which no next-word model needs")
        start, end = graph.values_at(at)
        if start < end:
            continue
        shape = file.int32s(at, schema.SHAPE)
        elements += prod(shape)
        if min(shape, default=1) < 0 or elements > MOST_ELEMENTS:
            raise ModelFileError(f"the file computes tensors of more than {MOST_ELEMENTS} elements")


def _signatures(model: Model) -> Iterator[tuple[str, Layout]]:
    file, names = model.file, set()
    places = file.tables(model.root, schema.SIGNATURES)
    if len(places) > _MOST_SIGNATURES:
        raise ModelFileError(f"the file has {len(places)} graphs, more than {_MOST_SIGNATURES}")
    for at in places:
        name = file.text(at, schema.SIGNATURE_KEY)
        if name in names:
            raise ModelFileError(f"the file has two graphs {name!r}")
        names.add(name)
        graph = item(model.subgraphs, file.uint32(at, schema.SIGNATURE_SUBGRAPH))
        inputs, outputs = (_named(model, at, field) for field in (schema.SIGNATURE_INPUTS, schema.SIGNATURE_OUTPUTS))
        _check_ends(graph, dict(inputs), dict(outputs), name)
        yield name, Layout(_layout(model, graph, "input", inputs), _layout(model, graph, "output", outputs))


def _named(model: Model, signature: int, field: int) -> list[tuple[str, int]]:
    """The names of a signature's inputs or outputs, and which tensors of the graph they are."""
    file = model.file
    return [
        (file.text(at, schema.MAP_NAME), file.uint32(at, schema.MAP_TENSOR)) for at in file.tables(signature, field)
    ]


def _check_ends(graph: Subgraph, inputs: Mapping[str, int], outputs: Mapping[str, int], name: str) -> None:
    """Each input of the graph has one name and is written by nobody else, and what has a name is put out."""
    if sorted(inputs.values()) != sorted(graph.inputs) or len(set(graph.inputs)) < len(graph.inputs):
        raise ModelFileError(f"the file's graph {name!r} has other inputs than it names")
    if not set(outputs.values()) <= set(graph.outputs):
        raise ModelFileError(f"the file's graph {name!r} names outputs that it does not put out")
    for key, tensor in inputs.items():
        start, end = graph.values(tensor)
        if start < end:
            raise ModelFileError(f"the file has the input {key!r} filled already")


def _layout(model: Model, graph: Subgraph, kind: str, names: Sequence[tuple[str, int]]) -> Tensors:
    file, found = model.file, []
    for name, number in names:
        at = item(graph.tensors, number)
        dtype = _TYPES[file.int8(at, schema.TYPE)]
        if dtype not in _INPUTS:
            raise ModelFileError(f"the file has the {kind} {name!r} of type {dtype}, not int32 or float32")
        found.append((name, Tensor(dtype, file.int32s(at, schema.SHAPE))))
    return named(kind, found)
