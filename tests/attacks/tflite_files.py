"""Hostile TFLite files: each row changes a whole one, and has the one error that it ends in."""

from __future__ import annotations

import struct
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


def _edited(edit: Edit) -> Maker:
    def make(content: bytes) -> bytes:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        edit(model)
        return pack(model)

    return make


def signature(model: Any, name: str = "step") -> Any:
    return next(item for item in model.signatureDefs if item.signatureKey.decode() == name)


def graph_of(model: Any) -> Any:
    return model.subgraphs[signature(model).subgraphIndex]


def _end(model: Any, name: str) -> Any:
    """The row of the signature that gives a tensor its name."""
    ends = signature(model)
    return next(item for item in [*ends.inputs, *ends.outputs] if item.name.decode() == name)


def tensor_of(model: Any, name: str) -> Any:
    return graph_of(model).tensors[_end(model, name).tensorIndex]


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


def _operator(operator: int, custom: str | None = None) -> Edit:
    def edit(model: Any) -> None:
        graph = graph_of(model)
        output = added(graph, blank([1], Types.INT32))
        graph.operators.append(operation(model, operator, [_end(model, "token").tensorIndex], [output], custom))

    return edit


def loop(
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
    graph.operators[-1].inputs = [_end(model, "token").tensorIndex]


def _returns_its_counter(model: Any) -> None:
    _body(model).outputs = [0]


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


def _other_graphs(model: Any) -> None:
    graph_of(model).operators[-1].builtinOptions.bodySubgraphIndex = 1000


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
        _end(model, name).name = new

    return edit


def _without(name: str) -> Edit:
    def edit(model: Any) -> None:
        ends = signature(model)
        ends.inputs = [item for item in ends.inputs if item.name.decode() != name]
        ends.outputs = [item for item in ends.outputs if item.name.decode() != name]

    return edit


def _named_twice(model: Any) -> None:
    ends = signature(model)
    ends.outputs.append(_end(model, "logits"))


def _two_of_one_key(model: Any) -> None:
    model.signatureDefs.append(signature(model))


def _tensor_number(name: str, number: int) -> Edit:
    def edit(model: Any) -> None:
        _end(model, name).tensorIndex = number

    return edit


def _inner_output(model: Any) -> None:
    """A tensor whose memory others use in their turn."""
    graph = graph_of(model)
    inner = next(o for operator in graph.operators for o in operator.outputs if o not in list(graph.outputs))
    _end(model, "logits").tensorIndex = inner


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
        graph, ends = graph_of(model), _end(model, name)
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
        graph, ends = graph_of(model), _end(model, "next_token")
        answer = added(graph, constant(model, np.int32([token]), Types.INT32))
        graph.outputs = [answer if o == ends.tensorIndex else o for o in graph.outputs]
        ends.tensorIndex = answer

    return edit


def _root(place: int) -> Maker:
    return lambda content: struct.pack("<I", place) + content[4:]


def _operator_number(model: Any) -> None:
    graph_of(model).operators[0].opcodeIndex = 1000
    loop()(model)


_NEEDLESS = "which no next-word model needs"
_ENDLESS = "not known to end"
_OUTSIDE = "outside of it"
_INPUTS = "other inputs than it names"
_TYPE = "not int32 or float32"

LOOPS: dict[str, tuple[Maker, str]] = {
    "a loop that goes on for ever": (_edited(loop(step=0)), _ENDLESS),
    "a loop that counts down": (_edited(loop(step=-1)), _ENDLESS),
    "a loop of 2 ** 31 - 1 turns": (_edited(loop(limit=2**31 - 1)), _ENDLESS),
    "a loop of 4,097 turns": (_edited(loop(limit=4097)), _ENDLESS),
    "a loop from far below": (_edited(loop(start=-(2**31))), _ENDLESS),
    "a loop that passes its limit by": (_edited(loop(limit=2**31 - 1, start=2**31 - 3, step=5)), _ENDLESS),
    "a loop of another condition": (_edited(loop(comparison=Operators.NOT_EQUAL)), _ENDLESS),
    "a loop that subtracts": (_edited(loop(stepping=Operators.SUB)), _ENDLESS),
    "a loop that writes its counter": (_edited(loop(change=_writes_its_counter)), _ENDLESS),
    "a loop that writes its step": (_edited(loop(change=_writes_its_step)), _ENDLESS),
    "a loop that steps twice": (_edited(loop(change=_steps_twice)), _ENDLESS),
    "a loop from what is given": (_edited(loop(change=_counts_what_is_given)), _ENDLESS),
    "a loop that returns its counter": (_edited(loop(change=_returns_its_counter)), _ENDLESS),
    "a loop whose counter is clipped": (_edited(loop(change=_clips)), _ENDLESS),
    "a loop whose limit is computed": (_edited(loop(change=_limit_is_given)), _ENDLESS),
    "a loop within a loop": (_edited(loop(change=_loops_in_itself)), "a WHILE within a WHILE"),
    "a loop without its graphs": (_edited(loop(change=_other_graphs)), "a WHILE without its graphs"),
    "an operator of no kind": (_edited(_operator_number), "refers to number 1000"),
}

# Refused before an engine has seen a byte.
UNSEEN: dict[str, tuple[Maker, str]] = {
    **LOOPS,
    "a condition": (_edited(_operator(Operators.IF)), "the operator IF"),
    "a call": (_edited(_operator(Operators.CALL)), "the operator CALL"),
    "a call that is made once": (_edited(_operator(Operators.CALL_ONCE)), "the operator CALL_ONCE"),
    "a custom operator": (_edited(_operator(Operators.CUSTOM, "FlexReadFile")), "the operator CUSTOM"),
    "a delegate": (_edited(_operator(Operators.DELEGATE)), "the operator DELEGATE"),
    "a variable's handle": (_edited(_operator(Operators.VAR_HANDLE)), "the operator VAR_HANDLE"),
    "a table of texts": (_edited(_operator(Operators.HASHTABLE_LOOKUP)), "the operator HASHTABLE_LOOKUP"),
    "an operator of chance": (_edited(_operator(Operators.RANDOM_UNIFORM)), "the operator of number 148"),
    "a recurrent operator": (_edited(_operator(Operators.UNIDIRECTIONAL_SEQUENCE_LSTM)), "UNIDIRECTIONAL_SEQUENCE"),
    "StableHLO's loop": (_edited(_operator(Operators.STABLEHLO_WHILE)), "the operator of number 200"),
    "an operator that nobody knows": (_edited(_operator(9999)), "the operator of number 9999"),
    "a token that is text": (_edited(_dtype("token", Types.STRING)), "a tensor of type 5"),
    "a token that is a resource": (_edited(_dtype("token", Types.RESOURCE)), "a tensor of type 13"),
    "a token of int64": (_edited(_dtype("token", Types.INT64)), _TYPE),
    "a state of int8": (_edited(_dtype("state_0", Types.INT8)), _TYPE),
    "logits of int16": (_edited(_dtype("logits", Types.INT16)), _TYPE),
    "logits of float64": (_edited(_dtype("logits", Types.FLOAT64)), "a tensor of type 10"),
    "a state without elements": (_edited(_shape("state_0", 1, 0)), "of the shape"),
    "a state of nine dimensions": (_edited(_shape("state_0", *[1] * 9)), "of the shape"),
    "a state larger than any memory": (_edited(_shape("state_0", 1 << 20, 1 << 20)), "elements"),
    "a tensor larger than any memory": (_edited(_large_tensor), "elements"),
    "a tensor of negative size": (_edited(_negative_tensor), "elements"),
    "an input without a name": (_edited(_without("token")), _INPUTS),
    "an output of two names": (_edited(_named_twice), "two of its outputs 'logits'"),
    "two graphs of one name": (_edited(_two_of_one_key), "two graphs 'step'"),
    "an input that is no tensor": (_edited(_tensor_number("token", 1 << 20)), _INPUTS),
    "an output that is no tensor": (_edited(_tensor_number("logits", 1 << 20)), "names outputs"),
    "an output that others overwrite": (_edited(_inner_output), "names outputs"),
    "an input over the file's own bytes": (_edited(_filled("token")), "filled already"),
    "a state that stays": (_edited(_variable), "values that stay from run to run"),
    "a sparse weight": (_edited(_sparse), "sparse values"),
    "a weight behind the end": (_edited(_kept_elsewhere(1 << 30, 64)), _OUTSIDE),
    "a weight that ends behind the end": (_edited(_kept_elsewhere(8, 1 << 30)), _OUTSIDE),
    "a weight whose end wraps around": (_edited(_kept_elsewhere(2**64 - 64, 128)), _OUTSIDE),
    "a weight in two places": (_edited(_kept_elsewhere(64, 128, keep=True)), "in two places"),
    "weights in another file": (_edited(_buffer_groups), "data outside of the file"),
    "a tensor in another file": (_edited(_external_buffer), "data outside of the file"),
    "a tensor of no buffer": (_edited(_buffer_number), "refers to number 1048576"),
    "a root behind the end": (_root(1 << 31), _OUTSIDE),
    "a root that is its own table": (_root(0), _OUTSIDE),
    "half a file": (lambda content: content[: len(content) // 2], _OUTSIDE),
    "an empty file": (lambda _content: b"", "no TFLite file"),
    "eight bytes": (lambda content: content[:8], _OUTSIDE),
    "another format": (lambda content: content[:4] + b"TFL2" + content[8:], "no TFLite file"),
}

# The engine opens them, and they are refused before a word is said.
OPENED: dict[str, tuple[Maker, str]] = {
    "a renamed token": (_edited(_renamed("token", "tokens")), "misses the input 'token'"),
    "a renamed state": (_edited(_renamed("state_0", "hidden")), "misses the input 'state_0'"),
    "a renamed graph": (
        _edited(lambda model: setattr(signature(model), "signatureKey", "stride")),
        "has no graph 'step'",
    ),
    "logits of another name": (_edited(_renamed("logits", "scores")), "misses the output 'logits'"),
    "no logits": (_edited(_without("logits")), "misses the output 'logits'"),
    "no next state": (_edited(_without("next_state_0")), "misses the output 'next_state_0'"),
    "a next word without its probability": (_edited(_without("logprob")), "misses the output 'logprob'"),
    "a probability without its word": (_edited(_without("next_token")), "misses the output 'next_token'"),
    "logits of int32": (_edited(_dtype("logits", Types.INT32)), ""),
    "a token of float32": (_edited(_dtype("token", Types.FLOAT32)), ""),
    "a token of two": (_edited(_shape("token", 2)), ""),
    "a wider state": (_edited(_shape("state_0", 1, 33)), ""),
    "logits that are no numbers": (_edited(_answer(float("nan"))), "which is no probability"),
    "infinite logits": (_edited(_answer(float("inf"))), "which is no probability"),
    "a probability that is no number": (_edited(_answer(float("nan"), name="logprob")), "which is no probability"),
    "a next word beyond the vocabulary": (_edited(_names(1 << 20)), "names the word 1048576"),
    "a next word below the vocabulary": (_edited(_names(-1)), "names the word -1"),
}

WHOLE: dict[str, Maker] = {
    "packed again": _edited(lambda _model: None),
    "a loop that ends": _edited(loop(limit=4096)),
    "a loop in steps": _edited(loop(limit=2**31 - 600, start=2**31 - 100_000, step=500)),
}
