"""Hostile TFLite files: each row changes a whole one, and has the one error that it ends in."""

from __future__ import annotations

import struct
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
    signature,
    tensor_of,
)
from tests.attacks.tflite_loops import ENDLESS


def _operator(operator: int, custom: str | None = None) -> Edit:
    def edit(model: Any) -> None:
        graph = graph_of(model)
        output = added(graph, blank([1], Types.INT32))
        graph.operators.append(operation(model, operator, [end_of(model, "token").tensorIndex], [output], custom))

    return edit


def _dtype(name: str, dtype: int) -> Edit:
    def edit(model: Any) -> None:
        tensor_of(model, name).type = dtype

    return edit


def _shape(name: str, *sizes: int) -> Edit:
    def edit(model: Any) -> None:
        tensor = tensor_of(model, name)
        tensor.shape = np.array(sizes, np.int32)
        tensor.shapeSignature = None

    return edit


def _renamed(name: str, new: str) -> Edit:
    def edit(model: Any) -> None:
        end_of(model, name).name = new

    return edit


def _without(name: str) -> Edit:
    def edit(model: Any) -> None:
        ends = signature(model)
        ends.inputs = [item for item in ends.inputs if item.name.decode() != name]
        ends.outputs = [item for item in ends.outputs if item.name.decode() != name]

    return edit


def _named_twice(model: Any) -> None:
    ends = signature(model)
    ends.outputs.append(end_of(model, "logits"))


def _two_of_one_key(model: Any) -> None:
    model.signatureDefs.append(signature(model))


def _many_graphs(model: Any) -> None:
    model.signatureDefs *= 100


def _tensor_number(name: str, number: int) -> Edit:
    def edit(model: Any) -> None:
        end_of(model, name).tensorIndex = number

    return edit


def _inner_output(model: Any) -> None:
    """A tensor whose memory others use in their turn."""
    graph = graph_of(model)
    inner = next(o for operator in graph.operators for o in operator.outputs if o not in list(graph.outputs))
    end_of(model, "logits").tensorIndex = inner


def _filled(name: str) -> Edit:
    """An input that is written over the file's own bytes."""

    def edit(model: Any) -> None:
        tensor = tensor_of(model, name)
        tensor.buffer = constant(model, np.zeros(list(tensor.shape), np.int32)).buffer
        model.buffers[tensor.buffer] = model.buffers[-1]

    return edit


def _variable(model: Any) -> None:
    tensor_of(model, "state_0").isVariable = True


def _sparse(model: Any) -> None:
    graph_of(model).tensors[-1].sparsity = schema.SparsityParametersT()


def _kept_elsewhere(offset: int, size: int, *, keep: bool = False) -> Edit:
    """A weight at a place of the file that is none."""

    def edit(model: Any) -> None:
        buffer = max(model.buffers, key=lambda b: 0 if b.data is None else len(b.data))
        buffer.offset, buffer.size = offset, size
        if not keep:
            buffer.data = None

    return edit


def _buffer_groups(model: Any) -> None:
    group = schema.ExternalBufferGroupT()
    group.name = "/etc/passwd"
    model.externalBufferGroups = [group]


def _external_buffer(model: Any) -> None:
    tensor_of(model, "state_0").externalBuffer = 1


def _buffer_number(model: Any) -> None:
    tensor_of(model, "state_0").buffer = 1 << 20


def _large_tensor(model: Any) -> None:
    added(graph_of(model), blank([1 << 20, 1 << 20], Types.FLOAT32))


def _negative_tensor(model: Any) -> None:
    added(graph_of(model), blank([-4, -4], Types.FLOAT32))


def _answer(value: float, *, name: str = "logits") -> Edit:
    """Multiplied with a constant before it is put out."""

    def edit(model: Any) -> None:
        graph, ends = graph_of(model), end_of(model, name)
        shape = list(tensor_of(model, name).shape)
        poison = added(graph, constant(model, np.full(shape, value, np.float32), Types.FLOAT32))
        result = added(graph, blank(shape, Types.FLOAT32))
        operator = operation(model, Operators.MUL, [ends.tensorIndex, poison], [result])
        operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.MulOptions, schema.MulOptionsT()
        graph.operators.append(operator)
        graph.outputs = [result if o == ends.tensorIndex else o for o in graph.outputs]
        ends.tensorIndex = result

    return edit


def _names(token: int) -> Edit:
    """A next word that is none, whatever was read."""

    def edit(model: Any) -> None:
        graph, ends = graph_of(model), end_of(model, "next_token")
        answer = added(graph, constant(model, np.int32([token]), Types.INT32))
        graph.outputs = [answer if o == ends.tensorIndex else o for o in graph.outputs]
        ends.tensorIndex = answer

    return edit


def _root(place: int) -> Maker:
    return lambda content: struct.pack("<I", place) + content[4:]


_NEEDLESS = "which no next-word model needs"
_OUTSIDE = "outside of it"
_INPUTS = "other inputs than it names"
_TYPE = "not int32 or float32"

# Refused before an engine has seen a byte.
UNSEEN: dict[str, tuple[Maker, str]] = {
    **ENDLESS,
    "a condition": (edited(_operator(Operators.IF)), "the operator IF"),
    "a call": (edited(_operator(Operators.CALL)), "the operator CALL"),
    "a call that is made once": (edited(_operator(Operators.CALL_ONCE)), "the operator CALL_ONCE"),
    "a custom operator": (edited(_operator(Operators.CUSTOM, "FlexReadFile")), "the operator CUSTOM"),
    "a delegate": (edited(_operator(Operators.DELEGATE)), "the operator DELEGATE"),
    "a variable's handle": (edited(_operator(Operators.VAR_HANDLE)), "the operator VAR_HANDLE"),
    "a table of texts": (edited(_operator(Operators.HASHTABLE_LOOKUP)), "the operator HASHTABLE_LOOKUP"),
    "an operator of chance": (edited(_operator(Operators.RANDOM_UNIFORM)), "the operator of number 148"),
    "a recurrent operator": (edited(_operator(Operators.UNIDIRECTIONAL_SEQUENCE_LSTM)), "UNIDIRECTIONAL_SEQUENCE"),
    "StableHLO's loop": (edited(_operator(Operators.STABLEHLO_WHILE)), "the operator of number 200"),
    "an operator that nobody knows": (edited(_operator(9999)), "the operator of number 9999"),
    "a token that is text": (edited(_dtype("token", Types.STRING)), "a tensor of type 5"),
    "a token that is a resource": (edited(_dtype("token", Types.RESOURCE)), "a tensor of type 13"),
    "a token of int64": (edited(_dtype("token", Types.INT64)), _TYPE),
    "a state of int8": (edited(_dtype("state_0", Types.INT8)), _TYPE),
    "logits of int16": (edited(_dtype("logits", Types.INT16)), _TYPE),
    "logits of float64": (edited(_dtype("logits", Types.FLOAT64)), "a tensor of type 10"),
    "a state without elements": (edited(_shape("state_0", 1, 0)), "of the shape"),
    "a state of nine dimensions": (edited(_shape("state_0", *[1] * 9)), "of the shape"),
    "a state larger than any memory": (edited(_shape("state_0", 1 << 20, 1 << 20)), "elements"),
    "a tensor larger than any memory": (edited(_large_tensor), "elements"),
    "a tensor of negative size": (edited(_negative_tensor), "elements"),
    "an input without a name": (edited(_without("token")), _INPUTS),
    "an output of two names": (edited(_named_twice), "two of its outputs 'logits'"),
    "two graphs of one name": (edited(_two_of_one_key), "two graphs 'step'"),
    "hundreds of graphs": (edited(_many_graphs), "has 200 graphs"),
    "a name of a megabyte": (edited(_renamed("logits", "x" * 1_000_000)), "a name of 1025 bytes"),
    "a name that is no text": (edited(_renamed("logits", b"\xff\xfe")), "not UTF-8"),
    "an input that is no tensor": (edited(_tensor_number("token", 1 << 20)), _INPUTS),
    "an output that is no tensor": (edited(_tensor_number("logits", 1 << 20)), "names outputs"),
    "an output that others overwrite": (edited(_inner_output), "names outputs"),
    "an input over the file's own bytes": (edited(_filled("token")), "filled already"),
    "a state that stays": (edited(_variable), "values that stay from run to run"),
    "a sparse weight": (edited(_sparse), "sparse values"),
    "a weight behind the end": (edited(_kept_elsewhere(1 << 30, 64)), _OUTSIDE),
    "a weight that ends behind the end": (edited(_kept_elsewhere(8, 1 << 30)), _OUTSIDE),
    "a weight whose end wraps around": (edited(_kept_elsewhere(2**64 - 64, 128)), _OUTSIDE),
    "a weight in two places": (edited(_kept_elsewhere(64, 128, keep=True)), "in two places"),
    "weights in another file": (edited(_buffer_groups), "data outside of the file"),
    "a tensor in another file": (edited(_external_buffer), "data outside of the file"),
    "a tensor of no buffer": (edited(_buffer_number), "refers to number 1048576"),
    "a root behind the end": (_root(1 << 31), _OUTSIDE),
    "a root that is its own table": (_root(0), _OUTSIDE),
    "half a file": (lambda content: content[: len(content) // 2], _OUTSIDE),
    "an empty file": (lambda _content: b"", "no TFLite file"),
    "eight bytes": (lambda content: content[:8], _OUTSIDE),
    "another format": (lambda content: content[:4] + b"TFL2" + content[8:], "no TFLite file"),
}

# The engine opens them, and they are refused before a word is said.
OPENED: dict[str, tuple[Maker, str]] = {
    "a renamed token": (edited(_renamed("token", "tokens")), "misses the input 'token'"),
    "a renamed state": (edited(_renamed("state_0", "hidden")), "misses the input 'state_0'"),
    "a renamed graph": (
        edited(lambda model: setattr(signature(model), "signatureKey", "stride")),
        "has no graph 'step'",
    ),
    "logits of another name": (edited(_renamed("logits", "scores")), "misses the output 'logits'"),
    "no logits": (edited(_without("logits")), "misses the output 'logits'"),
    "no next state": (edited(_without("next_state_0")), "misses the output 'next_state_0'"),
    "a next word without its probability": (edited(_without("logprob")), "misses the output 'logprob'"),
    "a probability without its word": (edited(_without("next_token")), "misses the output 'next_token'"),
    "logits of int32": (edited(_dtype("logits", Types.INT32)), ""),
    "a token of float32": (edited(_dtype("token", Types.FLOAT32)), ""),
    "a token of two": (edited(_shape("token", 2)), ""),
    "a wider state": (edited(_shape("state_0", 1, 33)), ""),
    "logits that are no numbers": (edited(_answer(float("nan"))), "which is no probability"),
    "infinite logits": (edited(_answer(float("inf"))), "which is no probability"),
    "a probability that is no number": (edited(_answer(float("nan"), name="logprob")), "which is no probability"),
    "a next word beyond the vocabulary": (edited(_names(1 << 20)), "names the word 1048576"),
    "a next word below the vocabulary": (edited(_names(-1)), "names the word -1"),
}
