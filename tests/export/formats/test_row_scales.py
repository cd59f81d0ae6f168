"""A scale for each row: nearly the same answers, and none that depends on the rows beside it."""

import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from edgeword.bundle.spec import Window
from edgeword.padding import Padding
from edgeword_export.formats.onnx import OnnxWriter
from edgeword_export.formats.row_scales import mixes_rows, scale_rows_apart
from edgeword_export.graphs.graphs import graphs_of
from edgeword_export.source.keras_model import inspect_model
from tests import tiny

INNER, CHANNELS = 16, 40
WINDOW = Window(tiny.WINDOW, Padding(), masked=False)


def model_of(nodes: list[onnx.NodeProto], given: onnx.ValueInfoProto, weights: dict) -> onnx.ModelProto:
    """From `given` to `y` `[rows, CHANNELS]`."""
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", CHANNELS])
    initializers = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "tiny", [given], [answer], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def lookup(unit: np.ndarray) -> onnx.ModelProto:
    """A product of the rows of an integer table, each with a scale times `unit`."""
    random = np.random.default_rng(0)
    weights = {
        "rows": random.integers(-127, 128, (9, INNER)).astype(np.int8),
        "scales": random.integers(1, 100, (9, 1)).astype(np.int32),
        "unit": unit.astype(np.float32),
        "axis": np.array([1]),
        "w": random.normal(0, 1, (INNER, CHANNELS)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["rows", "ids"], ["row"]),
        helper.make_node("Gather", ["scales", "ids"], ["scale"]),
        helper.make_node("Cast", ["row"], ["row_float"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["scale"], ["scale_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["scale_float", "unit"], ["factor"]),
        helper.make_node("Mul", ["row_float", "factor"], ["scaled"]),
        helper.make_node("Squeeze", ["scaled", "axis"], ["x"]),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    return model_of(nodes, helper.make_tensor_value_info("ids", TensorProto.INT32, ["rows", 1]), weights)


@pytest.fixture
def quantize(tmp_path):
    """A model as the quantizer leaves it."""

    def made(model: onnx.ModelProto, **settings) -> onnx.ModelProto:
        onnx.save(model, tmp_path / "float32.onnx")
        quantize_dynamic(tmp_path / "float32.onnx", tmp_path / "int8.onnx", **settings)
        return onnx.load(tmp_path / "int8.onnx")

    return made


@pytest.fixture
def quantized(quantize):
    """A product and a bias, quantized with a scale for each channel."""
    random = np.random.default_rng(0)
    weights = {"w": random.normal(0, 1, (INNER, CHANNELS)), "b": random.normal(0, 1, CHANNELS)}
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["product"]), helper.make_node("Add", ["product", "b"], ["y"])],
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", INNER]),
        {name: values.astype(np.float32) for name, values in weights.items()},
    )
    return lambda **settings: quantize(model, **settings)


def run(model: onnx.ModelProto, **given: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, given)[0]


def inputs() -> np.ndarray:
    """Rows of very different sizes, one of them zero."""
    rows = np.random.default_rng(1).normal(0, 1, (9, INNER))
    return (rows * 10.0 ** np.arange(-4, 5)[:, None] * (np.arange(9) != 3)[:, None]).astype(np.float32)


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize("per_channel", [True, False])
def test_each_row_is_what_it_is_alone(quantized, per_channel):
    model = quantized(weight_type=QuantType.QInt8, per_channel=per_channel)
    alone = np.concatenate([run(model, x=row[None]) for row in inputs()])
    assert mixes_rows(model)
    assert not np.allclose(run(model, x=inputs()), alone, rtol=0.1, atol=0.1)
    scale_rows_apart(model)
    onnx.checker.check_model(model)
    assert not mixes_rows(model)
    assert operators(model) == [
        *("Abs", "ReduceMax", "Div", "QuantizeLinear"),
        *("MatMulIntegerToFloat", "Mul", "Mul", "Add"),
    ]
    found = run(model, x=inputs())
    np.testing.assert_array_equal(found, np.concatenate([run(model, x=row[None]) for row in inputs()]))
    # Both round an activation to the 255th part of its range or finer.
    largest = np.abs(inputs()).max(axis=1, keepdims=True)
    assert (np.abs(found - alone) <= 0.03 * INNER**0.5 * largest + 1e-6).all()


def test_nothing_is_left_that_nobody_reads(quantized):
    model = quantized(weight_type=QuantType.QInt8, per_channel=True)
    scale_rows_apart(model)
    read = {name for node in model.graph.node for name in node.input}
    assert {tensor.name for tensor in model.graph.initializer} <= read


def test_a_weight_with_a_zero_point_stays_as_it_is(quantized):
    model = quantized(weight_type=QuantType.QUInt8, per_channel=False)
    before = operators(model)
    scale_rows_apart(model)
    assert operators(model) == before
    assert "MatMulInteger" in before


@pytest.mark.parametrize("change", ["scales divide", "another scale", "scales are read twice", "product is read twice"])
def test_another_pattern_stays_as_it_is(quantized, change):
    model = quantized(weight_type=QuantType.QInt8, per_channel=True)
    nodes = {node.op_type + node.output[0]: node for node in model.graph.node}
    (scales,) = [node for node in nodes.values() if node.op_type == "Mul" and "x_scale" in node.input]
    (cast,) = [node for node in nodes.values() if node.op_type == "Cast"]
    if change == "scales divide":
        scales.op_type = "Div"
    elif change == "another scale":
        scales.input[list(scales.input).index("x_scale")] = "b"
    else:
        name = {"scales are read twice": scales, "product is read twice": cast}[change].output[0]
        model.graph.node.append(helper.make_node("Neg", [name], ["more"]))
        model.graph.output.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, None))
    before = operators(model)
    scale_rows_apart(model)
    assert operators(model) == before


def test_a_graph_without_quantized_products_stays_as_it_is():
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "relu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    model = helper.make_model(graph)
    before = model.SerializeToString()
    scale_rows_apart(model)
    assert model.SerializeToString() == before


@pytest.mark.parametrize(("unit", "is_taken"), [(np.full(1, 0.01), True), (np.linspace(0.01, 0.02, INNER), False)])
def test_a_row_of_an_integer_table_is_multiplied_as_it_stands(quantize, unit, is_taken):
    """With one scale for the whole row; where each column has one, the row is quantized as any other."""
    model = lookup(unit)
    found = quantize(model, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"])
    scale_rows_apart(found)
    onnx.checker.check_model(found)
    assert ("Abs" in operators(found)) != is_taken
    ids = np.arange(9, dtype=np.int32)[:, None]
    expected = run(model, ids=ids)
    np.testing.assert_allclose(run(found, ids=ids), expected, atol=0.02 * np.abs(expected).max())


@pytest.mark.parametrize(("precision", "rows"), [("float32", "rows"), ("dynamic-int8", ""), ("static-int8", "")])
def test_a_window_with_an_lstm_in_int8_has_one_row(precision, rows):
    """Its operator rounds the rows with one scale."""
    source = inspect_model(tiny.recurrent(layers.Bidirectional(layers.LSTM(4)), mask_zero=False, embedding=8))
    writer = OnnxWriter(graphs_of(source, WINDOW, windowed=True).signatures)
    samples = [("window", {"ids": np.full((1, tiny.WINDOW), 3, np.int32)})]
    graph = onnx.load_from_string(writer.write(precision, lambda: iter(samples))).graph
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param == rows


def test_bundles_have_it(step_bundle):
    model = onnx.load(step_bundle / "model.dynamic-int8.onnx")
    assert "MatMulIntegerToFloat" in operators(model)
    assert not mixes_rows(model)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "rows"
