"""ONNX files changed: weights outside, loops, other operators, other inputs and outputs, other bytes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Maker = Callable[[bytes], bytes]
Edit = Callable[[onnx.ModelProto], object]

_CONDITION = numpy_helper.from_array(np.array(True), "always")
_TURNS = numpy_helper.from_array(np.array(1 << 62), "turns")


def edited(edit: Edit) -> Maker:
    def make(content: bytes) -> bytes:
        model = onnx.load_from_string(content)
        edit(model)
        return model.SerializeToString()

    return make


def external(location: str, at: Callable[[onnx.ModelProto], onnx.TensorProto]) -> Maker:
    def edit(model: onnx.ModelProto) -> None:
        tensor = at(model)
        size = len(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", "0"), ("length", str(size))):
            tensor.external_data.add(key=key, value=value)

    return edited(edit)


def weight(model: onnx.ModelProto) -> onnx.TensorProto:
    return max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))


def constant(model: onnx.ModelProto) -> onnx.TensorProto:
    """A tensor that an attribute holds."""
    node = helper.make_node("Constant", [], ["extra"], value=numpy_helper.from_array(np.ones(4, np.float32), "extra"))
    model.graph.node.insert(0, node)
    return model.graph.node[0].attribute[0].t


def constant_among_others(model: onnx.ModelProto) -> onnx.TensorProto:
    constant(model)
    attribute = model.graph.node[0].attribute[0]
    attribute.tensors.add().CopyFrom(attribute.t)
    return attribute.tensors[0]


def _body() -> onnx.GraphProto:
    """Of a loop that carries a number and never ends by itself."""
    nodes = [
        helper.make_node("Identity", ["condition"], ["goes_on"]),
        helper.make_node("Identity", ["carried"], ["carried_on"]),
    ]
    turn = helper.make_tensor_value_info("turn", TensorProto.INT64, [])
    condition, goes_on = (
        helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ("condition", "goes_on")
    )
    carried, carried_on = (
        helper.make_tensor_value_info(name, TensorProto.INT64, []) for name in ("carried", "carried_on")
    )
    return helper.make_graph(nodes, "body", [turn, condition, carried], [goes_on, carried_on])


def loop(model: onnx.ModelProto) -> None:
    """The token goes through it, so that no optimizer takes it away."""
    turns, always = _TURNS, _CONDITION
    model.graph.initializer.extend([turns, always])
    for node in model.graph.node:
        node.input[:] = ["looped" if taken == "token" else taken for taken in node.input]
    shape = numpy_helper.from_array(np.array([], np.int64), "scalar")
    one = numpy_helper.from_array(np.array([1], np.int64), "one_element")
    model.graph.initializer.extend([shape, one])
    before = [
        helper.make_node("Cast", ["token"], ["token_long"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["token_long", "scalar"], ["given"]),
        helper.make_node("Loop", ["turns", "always", "given"], ["out"], body=_body()),
        helper.make_node("Reshape", ["out", "one_element"], ["looped_long"]),
        helper.make_node("Cast", ["looped_long"], ["looped"], to=TensorProto.INT32),
    ]
    for place, node in enumerate(before):
        model.graph.node.insert(place, node)


def conditional(model: onnx.ModelProto) -> None:
    constant = helper.make_node("Constant", [], ["one"], value=numpy_helper.from_array(np.ones(1, np.float32)))
    branch = helper.make_graph([constant], "branch", [], [helper.make_tensor_value_info("one", TensorProto.FLOAT, [1])])
    model.graph.initializer.append(_CONDITION)
    node = helper.make_node("If", ["always"], ["chosen"], then_branch=branch, else_branch=branch)
    model.graph.node.insert(0, node)


def scan(model: onnx.ModelProto) -> None:
    value = helper.make_tensor_value_info("value", TensorProto.FLOAT, [])
    said = helper.make_tensor_value_info("said", TensorProto.FLOAT, [])
    body = helper.make_graph([helper.make_node("Identity", ["value"], ["said"])], "body", [value], [said])
    model.graph.initializer.append(numpy_helper.from_array(np.ones(4, np.float32), "row"))
    model.graph.node.insert(0, helper.make_node("Scan", ["row"], ["scanned"], body=body, num_scan_inputs=1))


def graphs(model: onnx.ModelProto) -> None:
    attribute = model.graph.node[0].attribute.add(name="graphs", type=onnx.AttributeProto.GRAPHS)
    attribute.graphs.add().CopyFrom(_body())


def function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    function = helper.make_function("local", "Mine", ["x"], ["y"], [node], [helper.make_opsetid("", 17)])
    model.functions.append(function)


def operator(operator: str, domain: str = "") -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        output = model.graph.node[-1].output[0]
        model.graph.node.append(helper.make_node(operator, [output], ["extra"], domain=domain))

    return edit


def domain(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.example", 1))


def sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add().dims.append(4)


def texts(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(helper.make_tensor("words", TensorProto.STRING, [1], [b"/etc/passwd"]))


def value(name: str) -> Callable[[onnx.ModelProto], onnx.ValueInfoProto]:
    def find(model: onnx.ModelProto) -> onnx.ValueInfoProto:
        return next(item for item in [*model.graph.input, *model.graph.output] if item.name == name)

    return find


def dtype(name: str, dtype: int) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        value(name)(model).type.tensor_type.elem_type = dtype

    return edit


def shape(name: str, *sizes: int | str) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        kind = value(name)(model).type.tensor_type.elem_type
        value(name)(model).CopyFrom(helper.make_tensor_value_info(name, kind, sizes))

    return edit


def _through(name: str, operator: str, *inputs: str, **attributes) -> Edit:
    """What the file declares stays; what is put out under the name goes through one operator more."""

    def edit(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            node.output[:] = [f"own_{name}" if output == name else output for output in node.output]
            node.input[:] = [f"own_{name}" if taken == name else taken for taken in node.input]
        model.graph.node.append(helper.make_node(operator, [f"own_{name}", *inputs], [name], **attributes))

    return edit


def reshaped(name: str, *shape: int) -> Edit:
    """Of another shape at run time only: no checker can tell, for the shape is computed from the token."""

    def edit(model: onnx.ModelProto) -> None:
        shapes = numpy_helper.from_array(np.array(shape, np.int64), "target")
        zero = numpy_helper.from_array(np.array([0], np.int64), "nothing")
        model.graph.initializer.extend([shapes, zero])
        model.graph.node.insert(0, helper.make_node("Cast", ["token"], ["token_long"], to=TensorProto.INT64))
        model.graph.node.insert(1, helper.make_node("Mul", ["token_long", "nothing"], ["none"]))
        model.graph.node.insert(2, helper.make_node("Add", ["target", "none"], ["computed"]))
        _through(name, "Reshape", "computed")(model)

    return edit


def sliced(name: str) -> Edit:
    """One element at run time, which numpy would spread over all."""

    def edit(model: onnx.ModelProto) -> None:
        rows = {"starts": [0], "ends": [1], "axes": [1]}
        tensors = [numpy_helper.from_array(np.array(row, np.int64), key) for key, row in rows.items()]
        model.graph.initializer.extend([*tensors, numpy_helper.from_array(np.array([0], np.int64), "nothing")])
        model.graph.node.insert(0, helper.make_node("Cast", ["token"], ["token_long"], to=TensorProto.INT64))
        model.graph.node.insert(1, helper.make_node("Mul", ["token_long", "nothing"], ["none"]))
        model.graph.node.insert(2, helper.make_node("Add", ["ends", "none"], ["computed"]))
        _through(name, "Slice", "starts", "computed", "axes")(model)

    return edit


def answer(value: float) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        model.graph.initializer.append(numpy_helper.from_array(np.array([value], np.float32), "poison"))
        _through("logits", "Mul", "poison")(model)

    return edit


def renamed(name: str, new: str) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            node.output[:] = [new if output == name else output for output in node.output]
            node.input[:] = [new if taken == name else taken for taken in node.input]
        value(name)(model).name = new

    return edit


def added_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("temperature", TensorProto.FLOAT, [1]))


def added_output(dtype: int, name: str) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        model.graph.node.append(helper.make_node("Cast", ["token"], [name], to=dtype))
        model.graph.output.append(helper.make_tensor_value_info(name, dtype, [1]))

    return edit


def without(name: str) -> Edit:
    return lambda model: model.graph.output.remove(value(name)(model))


def sequence(model: onnx.ModelProto) -> None:
    kind = helper.make_tensor_sequence_value_info("more", TensorProto.FLOAT, [1])
    model.graph.node.append(helper.make_node("Identity", ["token"], ["more"]))
    model.graph.output.append(kind)


def ort_format(content: bytes) -> bytes:
    """What protocol buffers take for the name of its producer is the identifier of another format."""
    model = onnx.load_from_string(content)
    model.ClearField("producer_name")
    version = model.ir_version
    model.ClearField("ir_version")
    return bytes([0x08, version, 0x12, 0x04]) + b"ORTM" + model.SerializeToString()


def doubled(content: bytes) -> bytes:
    """Two graphs, which a parser of protocol buffers makes one of."""
    other = onnx.ModelProto()
    loop(other)
    return content + other.SerializeToString()


def unknown_field(content: bytes) -> bytes:
    return content + bytes([0xF2, 0x06, 0x01, 0x41])


def wrong_wire(content: bytes) -> bytes:
    """The graph as a number, which a parser passes over."""
    return content + bytes([7 << 3, 1])


def endless_number(content: bytes) -> bytes:
    return bytes([0x08]) + b"\xff" * 40 + content


def grouped(content: bytes) -> bytes:
    return content + bytes([7 << 3 | 3] * 10_000)


def many_fields(content: bytes) -> bytes:
    return content + bytes([8 << 3 | 2, 0]) * (1 << 20)


def halved(content: bytes) -> bytes:
    return content[: len(content) // 2]
