"""Loops of a TFLite file that are known to end: each counts by ones from 0 up to a constant."""

from __future__ import annotations

from struct import Struct

from edgeword.model_files.layout import ModelFileError
from edgeword.model_files.tflite_model import OPTIONS, TYPE, Model, Operator, Subgraph
from edgeword.model_files.tflite_operators import ADD, LESS, WHILE

_INT32 = Struct("<i")
_INT32_TYPE = 2
# No window is longer.
_MOST_TURNS = 4096
_MOST_LOOPS = 64
# `WhileOptions` and `AddOptions`
_CONDITION, _BODY, _ACTIVATION = 0, 1, 0


def check_loops(model: Model) -> None:
    """Raise ModelFileError for a WHILE that does anything but count, or that stands in another one."""
    loops = [(graph, operator) for graph in model.subgraphs for operator in graph.operators if operator.kind == WHILE]
    if len(loops) > _MOST_LOOPS:
        raise ModelFileError(f"the file holds {len(loops)} loops, more than {_MOST_LOOPS}")
    for graph, loop in loops:
        if not _is_counted(model, graph, loop):
            raise ModelFileError(f"the file holds a WHILE that is not known to end within {_MOST_TURNS} turns")


def _is_counted(model: Model, graph: Subgraph, loop: Operator) -> bool:
    """`for (counter = 0; counter < limit; counter += 1)`, and nothing else that could end it or go on."""
    goes_on, body = _graphs(model, loop)
    ends = (loop.inputs, loop.outputs, goes_on.inputs, body.inputs, body.outputs)
    # Of a tensor that occurs twice the engine keeps one value, and one that is left out has no memory.
    alone = (loop.outputs, goes_on.inputs, body.inputs)
    if len(set(map(len, ends))) > 1 or any(len(set(end)) < len(end) or -1 in end for end in alone):
        return False
    place, limit = _compared(model, goes_on)
    if place is None or limit is None or limit > _MOST_TURNS:
        return False
    return _number(model, graph, loop.inputs[place]) == 0 and _adds_one(model, body, place)


def _graphs(model: Model, loop: Operator) -> tuple[Subgraph, Subgraph]:
    """The condition and the body of a loop, in which no other loop stands."""
    options = model.file.table(loop.place, OPTIONS)
    numbers = [model.file.int32(options, field) if options else -1 for field in (_CONDITION, _BODY)]
    if not all(0 <= number < len(model.subgraphs) for number in numbers):
        raise ModelFileError("the file holds a WHILE without its graphs")
    condition, body = (model.subgraphs[number] for number in numbers)
    if any(operator.kind == WHILE for inner in (condition, body) for operator in inner.operators):
        raise ModelFileError("the file holds a WHILE within a WHILE")
    return condition, body


def _compared(model: Model, goes_on: Subgraph) -> tuple[int | None, int | None]:
    """Which of the loop's tensors is the counter, and what it stays below; None for any other condition."""
    if [operator.kind for operator in goes_on.operators] != [LESS]:
        return None, None
    (less,) = goes_on.operators
    if len(less.inputs) != 2 or less.inputs[0] not in goes_on.inputs or goes_on.outputs != less.outputs:
        return None, None
    return goes_on.inputs.index(less.inputs[0]), _number(model, goes_on, less.inputs[1])


def _adds_one(model: Model, body: Subgraph, place: int) -> bool:
    """Whether that is all that the body does with its counter; what it is given it does not write."""
    before, after = body.inputs[place], body.outputs[place]
    own = {*body.inputs, after}
    writers = [operator for operator in body.operators if own & set(operator.outputs)]
    if len(writers) != 1 or after in body.inputs:
        return False
    (adding,) = writers
    if adding.kind != ADD or adding.outputs != (after,) or len(adding.inputs) != 2 or before not in adding.inputs:
        return False
    options = model.file.table(adding.place, OPTIONS)
    is_plain = not options or model.file.int8(options, _ACTIVATION) == 0
    return is_plain and _number(model, body, adding.inputs[adding.inputs[0] == before]) == 1


def _number(model: Model, graph: Subgraph, tensor: int) -> int | None:
    """The value of a constant int32 of one element, which nothing writes; None of any other tensor."""
    start, end = graph.values(tensor)
    written = tensor in graph.inputs or any(tensor in operator.outputs for operator in graph.operators)
    if written or end - start != _INT32.size or model.file.int8(graph.tensors[tensor], TYPE) != _INT32_TYPE:
        return None
    return int(_INT32.unpack(model.file.content((start, end)))[0])
