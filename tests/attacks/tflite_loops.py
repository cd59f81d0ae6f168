"""TFLite files with loops: those that are not known to end, each with its one error, and those that are."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.attacks.tflite_changes import (
    Edit,
    Maker,
    Operators,
    Types,
    added,
    blank,
    constant,
    edited,
    end_of,
    graph_of,
    operation,
    subgraph,
)


def loop(
    *,
    limit: int = 10,
    step: int = 1,
    start: int = 0,
    comparison: int = Operators.LESS,
    stepping: int = Operators.ADD,
    change: Edit = lambda _model: None,
) -> Edit:
    """`for (counter = start; counter < limit; counter += step)`, whose result nobody reads."""

    def edit(model: Any) -> None:
        bound, one, first = (constant(model, value, Types.INT32) for value in np.int32([limit, step, start]))
        number, answer = (blank([], kind) for kind in (Types.INT32, Types.BOOL))
        condition = subgraph([number, bound, answer], [0], [2], [operation(model, comparison, [0, 1], [2])])
        after = blank([], Types.INT32)
        turn = subgraph([number, one, after], [0], [2], [operation(model, stepping, [0, 1], [2])])
        model.subgraphs += [condition, turn]
        graph = graph_of(model)
        looping = operation(model, Operators.WHILE, [added(graph, first)], [added(graph, blank([], Types.INT32))])
        looping.builtinOptionsType = schema.BuiltinOptions.WhileOptions
        looping.builtinOptions = schema.WhileOptionsT()
        looping.builtinOptions.condSubgraphIndex = len(model.subgraphs) - 2
        looping.builtinOptions.bodySubgraphIndex = len(model.subgraphs) - 1
        graph.operators.append(looping)
        change(model)

    return edit


def _body(model: Any) -> Any:
    return model.subgraphs[-1]


def _condition(model: Any) -> Any:
    return model.subgraphs[-2]


def _writes_its_counter(model: Any) -> None:
    body = _body(model)
    body.operators.insert(0, operation(model, Operators.SUB, [0, 1], [0]))


def _writes_its_step(model: Any) -> None:
    body = _body(model)
    body.operators.insert(0, operation(model, Operators.SUB, [1, 1], [1]))


def _steps_twice(model: Any) -> None:
    body = _body(model)
    body.operators.append(operation(model, Operators.SUB, [0, 1], [2]))


def _counts_what_is_given(model: Any) -> None:
    graph = graph_of(model)
    graph.operators[-1].inputs = [end_of(model, "token").tensorIndex]


def _returns_its_counter(model: Any) -> None:
    _body(model).outputs = [0]


def _leaves_its_count_out(model: Any) -> None:
    """The body's input then stands where the start does: it never grows."""
    graph_of(model).operators[-1].outputs = [-1]


def _shares_its_memory(model: Any) -> None:
    """Two results in one tensor: the second is copied over the count at each turn."""
    for graph in (_condition(model), _body(model)):
        graph.inputs = [0, added(graph, blank([], Types.INT32))]
    _body(model).outputs = [2, 1]
    looping = graph_of(model).operators[-1]
    looping.inputs, looping.outputs = [*looping.inputs] * 2, [*looping.outputs] * 2


def _loops_in_itself(model: Any) -> None:
    inner = graph_of(model).operators[-1]
    _body(model).operators.append(inner)


def _clips(model: Any) -> None:
    options = schema.AddOptionsT()
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU6
    operator = _body(model).operators[0]
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.AddOptions, options


def _limit_is_given(model: Any) -> None:
    _condition(model).tensors[1].buffer = 0


def _one_result_twice(model: Any) -> None:
    """Which the engine gives one memory, and the count would be lost."""
    looping, first = graph_of(model).operators[-1], graph_of(model).operators[-1].inputs[0]
    looping.inputs, looping.outputs = [first, first], [looping.outputs[0]] * 2
    for graph in (_condition(model), _body(model)):
        graph.inputs = [0, added(graph, blank([], Types.INT32))]
    _body(model).outputs = [2, _body(model).inputs[1]]


def _no_result(model: Any) -> None:
    graph_of(model).operators[-1].outputs = [-1]


def _many(model: Any) -> None:
    operators = graph_of(model).operators
    operators += [operators[-1]] * 100


def _other_graphs(model: Any) -> None:
    graph_of(model).operators[-1].builtinOptions.bodySubgraphIndex = 1000


def _operator_number(model: Any) -> None:
    graph_of(model).operators[0].opcodeIndex = 1000
    loop()(model)


_ENDLESS = "not known to end"

ENDLESS: dict[str, tuple[Maker, str]] = {
    "a loop that goes on for ever": (edited(loop(step=0)), _ENDLESS),
    "a loop that counts down": (edited(loop(step=-1)), _ENDLESS),
    "a loop of 2 ** 31 - 1 turns": (edited(loop(limit=2**31 - 1)), _ENDLESS),
    "a loop of 4,097 turns": (edited(loop(limit=4097)), _ENDLESS),
    "a loop from far below": (edited(loop(start=-(2**31))), _ENDLESS),
    "a loop that passes its limit by": (edited(loop(limit=2**31 - 1, start=2**31 - 3, step=5)), _ENDLESS),
    "a loop in steps": (edited(loop(limit=10, step=2)), _ENDLESS),
    "a loop from another number": (edited(loop(start=1)), _ENDLESS),
    "a loop of one result twice": (edited(loop(change=_one_result_twice)), _ENDLESS),
    "a loop without a result": (edited(loop(change=_no_result)), _ENDLESS),
    "a loop of another condition": (edited(loop(comparison=Operators.NOT_EQUAL)), _ENDLESS),
    "a loop that subtracts": (edited(loop(stepping=Operators.SUB)), _ENDLESS),
    "a loop that writes its counter": (edited(loop(change=_writes_its_counter)), _ENDLESS),
    "a loop that writes its step": (edited(loop(change=_writes_its_step)), _ENDLESS),
    "a loop that steps twice": (edited(loop(change=_steps_twice)), _ENDLESS),
    "a loop from what is given": (edited(loop(change=_counts_what_is_given)), _ENDLESS),
    "a loop that returns its counter": (edited(loop(change=_returns_its_counter)), _ENDLESS),
    "a loop that leaves its count out": (edited(loop(change=_leaves_its_count_out)), _ENDLESS),
    "a loop whose results share memory": (edited(loop(change=_shares_its_memory)), _ENDLESS),
    "a loop whose counter is clipped": (edited(loop(change=_clips)), _ENDLESS),
    "a loop whose limit is computed": (edited(loop(change=_limit_is_given)), _ENDLESS),
    "a hundred loops": (edited(loop(change=_many)), "holds 101 loops"),
    "a loop within a loop": (edited(loop(change=_loops_in_itself)), "a WHILE within a WHILE"),
    "a loop without its graphs": (edited(loop(change=_other_graphs)), "a WHILE without its graphs"),
    "an operator of no kind": (edited(_operator_number), "refers to number 1000"),
}

WHOLE: dict[str, Maker] = {
    "packed again": edited(lambda _model: None),
    "a loop that ends": edited(loop(limit=4096)),
}
