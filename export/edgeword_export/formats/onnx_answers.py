"""Rows that nobody asks: an ONNX file has one graph, and reads a prompt without its logits all the same.

The graph gets an input more, `answered`: of how many rows, the first ones, the logits are wanted. What is computed for
them alone is computed for these rows alone, and for no row at all where a prompt is read. Whoever does not give it gets
all rows: its initializer is its default.
"""

from __future__ import annotations

import numpy as np
import onnx

from edgeword.engines.onnx import ANSWERED

_ALL = np.array([2**31 - 1], np.int32)
_FIRST, _AXIS = "answered_first", "answered_axis"
# ONNX Runtime 1.31 reduces no rows of 512 values to no rows of 512.
_WRONG_OF_NO_ROWS = "Reduce"


def answer_some(model: onnx.ModelProto) -> onnx.ModelProto:
    """The step graph that answers as many rows as it is told; the graph itself where that is not possible."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    rows = _of_rows(found.graph)
    asked = rows - _for_others(found.graph)
    cut = sorted((_read_by(found.graph, asked) & rows) - asked)
    if not cut:
        return model
    _answer(found.graph, asked, cut)
    return found if _answers_none(found) else model


def _answer(graph: onnx.GraphProto, asked: set[str], cut: list[str]) -> None:
    """Compute what is asked alone for some of the rows: what it reads from outside is cut."""
    first = next(place for place, node in enumerate(graph.node) if node.output[0] in asked)
    for node in graph.node:
        if node.output[0] in asked:
            node.input[:] = [_some(name) if name in cut else name for name in node.input]
    for name in cut:
        graph.node.insert(first, onnx.helper.make_node("Slice", [name, _FIRST, ANSWERED, _AXIS], [_some(name)]))
    graph.input.append(onnx.helper.make_tensor_value_info(ANSWERED, onnx.TensorProto.INT32, [1]))
    constants = {ANSWERED: _ALL, _FIRST: np.zeros(1, np.int32), _AXIS: np.zeros(1, np.int32)}
    graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in constants.items())


def _some(name: str) -> str:
    return f"{name}_{ANSWERED}"


def _for_others(graph: onnx.GraphProto) -> set[str]:
    """What is computed for other outputs than the logits, or cannot be computed for no rows."""
    others = {item.name for item in graph.output} - {"logits"}
    for node in reversed(graph.node):
        if others & set(node.output) or node.op_type.startswith(_WRONG_OF_NO_ROWS):
            others.update([*node.input, *node.output])
    return others


def _of_rows(graph: onnx.GraphProto) -> set[str]:
    """What depends on the inputs."""
    found = {item.name for item in graph.input}
    for node in graph.node:
        if found & set(node.input):
            found.update(node.output)
    return found


def _read_by(graph: onnx.GraphProto, asked: set[str]) -> set[str]:
    """What the nodes that make these values read."""
    return {name for node in graph.node if node.output[0] in asked for name in node.input}


def _answers_none(model: onnx.ModelProto) -> bool:
    """Whether the engine computes the states of two rows where it is asked for no logits."""
    import onnxruntime

    rows = 2
    inputs = {
        item.name: np.zeros(
            [rows, *(size.dim_value for size in item.type.tensor_type.shape.dim[1:])],
            onnx.helper.tensor_dtype_to_np_dtype(item.type.tensor_type.elem_type),
        )
        for item in model.graph.input
        if item.name != ANSWERED
    }
    names = [item.name for item in model.graph.output]
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        found = session.run(names, {**inputs, ANSWERED: np.zeros(1, np.int32)})
    except Exception:  # each operator that takes no rows for an error has its own
        return False
    return all(len(value) == (0 if name == "logits" else rows) for name, value in zip(names, found, strict=True))
