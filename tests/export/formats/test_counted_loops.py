"""A loop in a TFLite file ends, or the file is refused: small changes to a loop of five turns that make it endless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from edgeword_export.errors import ConversionError
from edgeword_export.formats.counted_loops import MOST_TURNS, check_loops

MAIN, CONDITION, BODY = range(3)
ADD, LESS = 0, 0
"""Where the operators are: the body adds to its counter first."""


@pytest.fixture(scope="module")
def content() -> bytes:
    """`for (i = 0; i < 5; i += 1) ids = 2 * ids + 1`."""

    @tf.function(input_signature=[tf.TensorSpec((1, 3), tf.int32, name="ids")], autograph=False)
    def counted(ids):
        return tf.while_loop(lambda i, _: i < 5, lambda i, x: (i + 1, x * 2 + 1), (tf.constant(0), ids))[1]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([counted.get_concrete_function()], counted)
    return bytes(converter.convert())


def parsed(content: bytes) -> Any:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def test_a_loop_that_counts_to_a_constant_is_taken(content):
    check_loops(parsed(content))


def constant(graph: int, tensor: int, value: int) -> Callable[[Any], None]:
    def change(model):
        buffer = model.subgraphs[graph].tensors[tensor].buffer
        model.buffers[buffer].data = np.frombuffer(np.int32(value).tobytes(), np.uint8)

    return change


def variable(graph: int, tensor: int) -> Callable[[Any], None]:
    def change(model):
        model.buffers[model.subgraphs[graph].tensors[tensor].buffer].data = None

    return change


def tensors(graph: int, kind: str, indices: list[int], operator: int | None = None) -> Callable[[Any], None]:
    """Other inputs or outputs of a graph, or of one of its operators."""

    def change(model):
        found = model.subgraphs[graph] if operator is None else model.subgraphs[graph].operators[operator]
        setattr(found, kind, indices)

    return change


def other_operator(graph: int, operator: int, kind: int) -> Callable[[Any], None]:
    def change(model):
        model.operatorCodes.append(schema.OperatorCodeT(builtinCode=kind, deprecatedBuiltinCode=kind))
        model.subgraphs[graph].operators[operator].opcodeIndex = len(model.operatorCodes) - 1

    return change


def activation(model):
    model.subgraphs[BODY].operators[ADD].builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.RELU6


def loop_in_the_body(model):
    model.subgraphs[BODY].operators.append(model.subgraphs[MAIN].operators[0])


def loop_on_the_same_graphs(model):
    model.subgraphs[MAIN].operators.append(model.subgraphs[MAIN].operators[0])


CHANGES = {
    "starts-far-below": constant(MAIN, 1, -(2**31)),
    "starts-where-its-data-says": variable(MAIN, 1),
    "counts-too-far": constant(CONDITION, 2, MOST_TURNS + 1),
    "counts-to-its-data": variable(CONDITION, 2),
    "counts-by-nothing": constant(BODY, 2, 0),
    "counts-down": constant(BODY, 2, -1),
    "counts-by-its-data": variable(BODY, 2),
    "compares-another": tensors(CONDITION, "inputs", [1, 2], LESS),
    "compares-no-input": tensors(CONDITION, "inputs", [3, 2], LESS),
    "answers-otherwise": tensors(CONDITION, "outputs", [1]),
    "compares-otherwise": other_operator(CONDITION, LESS, schema.BuiltinOperator.GREATER),
    "reads-one-input-twice": tensors(CONDITION, "inputs", [0, 0]),
    "counts-otherwise": other_operator(BODY, ADD, schema.BuiltinOperator.MUL),
    "hands-on-the-old-count": tensors(BODY, "outputs", [0, 6]),
    "hands-on-another-number": tensors(BODY, "outputs", [3, 6]),
    "doubles-its-counter": tensors(BODY, "inputs", [0, 0], ADD),
    "writes-its-counter-twice": tensors(BODY, "outputs", [4], 1),
    "writes-over-what-it-was-given": tensors(BODY, "outputs", [0], 1),
    "writes-over-a-constant": tensors(BODY, "outputs", [2], 1),
    "shares-the-memory-of-two": tensors(MAIN, "outputs", [3, 3], 0),
    "loses-its-counter": tensors(BODY, "outputs", []),
    "stops-at-an-activation": activation,
    "loop-in-a-loop": loop_in_the_body,
    "two-loops-on-one-body": loop_on_the_same_graphs,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_loop_that_may_not_end_is_refused(content, change):
    model = parsed(content)
    change(model)
    with pytest.raises(ConversionError, match="a WHILE that is not known to end"):
        check_loops(model)
