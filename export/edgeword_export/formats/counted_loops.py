"""Loops of a TFLite file that are known to end: each counts up to a constant."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeword_export.errors import ConversionError

_WHILE = schema.BuiltinOperator.WHILE
# More than any window has positions; a loop over a few numbers takes a second for so many.
_MOST_TURNS = 1 << 20


def check_loops(model: Any) -> None:
    """Refuse a WHILE that does anything but count from a constant to a constant; `model` is a `ModelT`."""
    for graph in model.subgraphs:
        for loop in graph.operators:
            if _kind(model, loop) == _WHILE and not _is_counted(model, graph, loop):
                raise ConversionError("the file holds a WHILE that is not known to end")


def _is_counted(model: Any, graph: Any, loop: Any) -> bool:
    """`for (counter = start; counter < limit; counter += step)`, and nothing else that could end it or go on."""
    goes_on, body = (model.subgraphs[index] for index in _subgraphs(loop))
    if [_kind(model, operator) for operator in goes_on.operators] != [schema.BuiltinOperator.LESS]:
        return False
    counter, limit = goes_on.operators[0].inputs
    if list(goes_on.outputs) != list(goes_on.operators[0].outputs) or counter not in list(goes_on.inputs):
        return False
    place = list(goes_on.inputs).index(counter)
    step = _step(model, body, body.inputs[place], body.outputs[place])
    start, end = _number(model, graph, loop.inputs[place]), _number(model, goes_on, limit)
    if start is None or end is None or step is None:
        return False
    return step > 0 and end - start <= _MOST_TURNS * step and end + step <= np.iinfo(np.int32).max


def _step(model: Any, body: Any, before: int, after: int) -> int | None:
    """What the body adds to a counter; None where it does anything else with it."""
    for operator in body.operators:
        if list(operator.outputs) == [after] and _kind(model, operator) == schema.BuiltinOperator.ADD:
            others = [tensor for tensor in operator.inputs if tensor != before]
            return _number(model, body, others[0]) if len(others) == 1 else None
    return None


def _number(model: Any, graph: Any, index: int) -> int | None:
    """The value of a constant int32 of one element; None of any other tensor."""
    tensor = graph.tensors[index]
    data = model.buffers[tensor.buffer].data
    is_number = tensor.type == schema.TensorType.INT32 and data is not None and len(data) == np.int32().nbytes
    return int(np.frombuffer(bytes(data), np.int32)[0]) if is_number else None


def _kind(model: Any, operator: Any) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return int(max(code.builtinCode, code.deprecatedBuiltinCode))


def _subgraphs(loop: Any) -> tuple[int, int]:
    return loop.builtinOptions.condSubgraphIndex, loop.builtinOptions.bodySubgraphIndex
