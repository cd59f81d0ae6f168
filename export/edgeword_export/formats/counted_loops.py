"""Loops of a TFLite file that are known to end: each counts from 0 to a constant by 1.

docs/bundle-format.md states the rule, and why each part of it stands there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeword_export.errors import ConversionError

_OPERATORS = schema.BuiltinOperator
# More than any window has positions.
MOST_TURNS = 1 << 16


def check_loops(model: Any) -> None:
    """Refuse a WHILE that may do anything but count from 0 to a constant; `model` is a `ModelT`."""
    loops = [(graph, operator) for graph in model.subgraphs for operator in _whiles(model, graph)]
    inner = list(chain.from_iterable(inner_graphs(model, graph) for graph in model.subgraphs))
    # A loop within a loop multiplies its turns, and one within itself has no end.
    nested = len(set(map(id, inner))) < len(inner) or any(graph is each for graph, _ in loops for each in inner)
    if nested or not all(_is_counted(model, *loop) for loop in loops):
        raise ConversionError("the file holds a WHILE that is not known to end")


def inner_graphs(model: Any, graph: Any) -> list[Any]:
    """The conditions and bodies of a graph's loops."""
    return [model.subgraphs[index] for loop in _whiles(model, graph) for index in _subgraphs(loop)]


def _is_counted(model: Any, graph: Any, loop: Any) -> bool:
    """`for (counter = 0; counter < limit; counter += 1)`, and nothing else that writes the counter."""
    condition, body = (model.subgraphs[index] for index in _subgraphs(loop))
    place, turns = _compared(model, condition)
    return (
        0 <= place < min(map(len, (loop.inputs, loop.outputs, body.inputs, body.outputs)))
        and all(_writes_once(model, each) for each in (graph, condition, body))
        and _number(model, graph, loop.inputs[place]) == 0
        and turns <= MOST_TURNS
        and _adds_one(model, body, body.inputs[place], body.outputs[place])
    )


def _compared(model: Any, condition: Any) -> tuple[int, int]:
    """Which input of a condition is compared, and with what constant; (-1, 0) where that is not all that it does."""
    if [_kind(model, operator) for operator in condition.operators] != [_OPERATORS.LESS]:
        return -1, 0
    counter, limit = condition.operators[0].inputs
    turns = _number(model, condition, limit)
    if list(condition.outputs) != list(condition.operators[0].outputs) or turns is None:
        return -1, 0
    return (list(condition.inputs).index(counter) if counter in condition.inputs else -1), turns


def _adds_one(model: Any, body: Any, before: int, after: int) -> bool:
    maker = next((operator for operator in body.operators if after in operator.outputs), None)
    if maker is None or _kind(model, maker) != _OPERATORS.ADD:
        return False
    others = [tensor for tensor in maker.inputs if tensor != before]
    # An ADD with an activation stops where that does.
    activation = getattr(maker.builtinOptions, "fusedActivationFunction", schema.ActivationFunctionType.NONE)
    is_plain = activation == schema.ActivationFunctionType.NONE
    return is_plain and len(others) == 1 and _number(model, body, others[0]) == 1


def _writes_once(model: Any, graph: Any) -> bool:
    """Whether each tensor has one writer, an operator or whoever calls the graph, and a constant has none."""
    written = [*graph.inputs, *chain.from_iterable(operator.outputs for operator in graph.operators)]
    constants = [index for index in written if model.buffers[graph.tensors[index].buffer].data is not None]
    return len(set(written)) == len(written) and not constants


def _number(model: Any, graph: Any, index: int) -> int | None:
    """The value of a constant int32 of one element; None of any other tensor."""
    tensor = graph.tensors[index]
    data = model.buffers[tensor.buffer].data
    is_number = tensor.type == schema.TensorType.INT32 and data is not None and len(data) == np.int32().nbytes
    return int(np.frombuffer(bytes(data), np.int32)[0]) if is_number else None


def _whiles(model: Any, graph: Any) -> Iterator[Any]:
    return (operator for operator in graph.operators if _kind(model, operator) == _OPERATORS.WHILE)


def _kind(model: Any, operator: Any) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return int(max(code.builtinCode, code.deprecatedBuiltinCode))


def _subgraphs(loop: Any) -> tuple[int, int]:
    return loop.builtinOptions.condSubgraphIndex, loop.builtinOptions.bodySubgraphIndex
