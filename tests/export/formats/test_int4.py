"""What an int4 file holds, in both formats."""

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper

from edgeword_export.formats import onnx_int4

INT4 = schema.TensorType.INT4


def test_table_and_products_of_a_tflite_file_are_int4(all_precisions_bundle):
    content = (all_precisions_bundle / "model.int4.tflite").read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    kinds = [code.builtinCode for code in model.operatorCodes]
    read = {schema.BuiltinOperator.GATHER: 0, schema.BuiltinOperator.FULLY_CONNECTED: 1}
    types = {kind: set() for kind in read}
    for graph in model.subgraphs:
        for operator in graph.operators:
            kind = kinds[operator.opcodeIndex]
            if kind in read:
                types[kind].add(graph.tensors[operator.inputs[read[kind]]].type)
    assert types[schema.BuiltinOperator.GATHER] == {INT4, schema.TensorType.INT32}  # rows, and their scales
    assert types[schema.BuiltinOperator.FULLY_CONNECTED] <= {INT4, schema.TensorType.INT8}
    assert INT4 in types[schema.BuiltinOperator.FULLY_CONNECTED]


def test_table_and_products_of_an_onnx_file_are_int4(all_precisions_bundle):
    graph = onnx.load(all_precisions_bundle / "model.int4.onnx").graph
    kinds = [node.op_type for node in graph.node]
    assert (kinds.count("GatherBlockQuantized"), kinds.count("Gather")) == (1, 0)
    assert "MatMulNBits" in kinds
    assert not {"MatMul", "Gemm"} & set(kinds)


def test_weights_that_two_products_share_are_stored_once():
    random = np.random.default_rng(0)
    weights = random.normal(size=(40, 8)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", [name, "w"], [f"{name}_out"]) for name in "ab"],
        "two",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", 40]) for name in "ab"],
        [helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, ["rows", 8]) for name in "ab"],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    inputs = {name: random.normal(size=(50, 40)).astype(np.float32) for name in "ab"}
    onnx_int4.round_weights(model, lambda: [("step", inputs)])
    onnx.checker.check_model(model)
    assert sorted(tensor.name for tensor in model.graph.initializer) == ["w_integers", "w_scales"]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for found, name in zip(session.run(["a_out", "b_out"], inputs), "ab", strict=True):
        exact = inputs[name] @ weights
        assert np.sqrt(np.square(found - exact).mean()) < 0.15 * exact.std()
