"""ONNX step graphs answer as many rows as they are told, and read all of them whatever they are told."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edgeword.bundle.bundle import Bundle
from edgeword_export.formats.onnx_answers import ANSWERED, answer_some
from tests import tiny
from tests.runtime.opened import open_variant

ROWS = 3
PRECISIONS = ["float32", "float16", "dynamic-int8", "int4", "static-int8"]


def session_on(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


@pytest.fixture(params=PRECISIONS)
def asked(request, all_precisions_bundle):
    """Outputs by name, of three random rows of which so many are to be answered."""
    session = session_on(onnx.load(all_precisions_bundle / f"model.{request.param}.onnx"))
    random = np.random.default_rng(0)
    rows = {
        item.name: random.integers(1, tiny.VOCABULARY, ROWS, np.int32)
        if item.name == "token"
        else random.uniform(-1, 1, (ROWS, *item.shape[1:])).astype(np.float32)
        for item in session.get_inputs()
    }
    names = [item.name for item in session.get_outputs()]

    def ask(count: int | None = None):
        given = {} if count is None else {ANSWERED: np.array([count], np.int32)}
        return dict(zip(names, session.run(names, {**rows, **given}), strict=True))

    return ask


@pytest.mark.parametrize("count", [0, 1, ROWS, ROWS + 1])
def test_the_first_rows_are_answered_and_all_are_read(asked, count):
    every = asked()
    found = asked(count)
    np.testing.assert_allclose(found.pop("logits"), every.pop("logits")[:count], atol=1e-5)
    assert found.keys() == every.keys() != set()
    for name, value in every.items():
        np.testing.assert_allclose(found[name], value, atol=1e-6)


def test_a_prompt_is_read_without_logits(all_precisions_bundle):
    loaded = open_variant(all_precisions_bundle, "onnx")
    assert "logits" not in loaded.graph("advance").outputs
    assert "logits" not in loaded.wide("advance", ROWS).outputs
    assert "logits" in loaded.graph("step").outputs


def test_a_window_graph_has_no_such_part(window_bundle):
    names = {item.name for item in onnx.load(window_bundle / "model.float32.onnx").graph.input}
    assert names == {"ids"}


def test_the_layout_knows_nothing_of_it(all_precisions_bundle):
    """Who reads the files by their signatures need not care."""
    spec = Bundle(all_precisions_bundle).spec
    inputs = open_variant(all_precisions_bundle, "onnx").graph("step").inputs
    assert inputs.keys() == {"token", *(state.name for state in spec.states)}


def test_what_only_the_logits_do_not_need_stays_as_it_is():
    """Logits that the next state is made of are computed in every run."""
    shape = ["rows", 4]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["state"], ["logits"]), helper.make_node("Neg", ["logits"], ["next_state"])],
        "tiny",
        [helper.make_tensor_value_info("state", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("logits", "next_state")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert answer_some(model) is model


def test_what_the_engine_cannot_do_without_rows_stays_as_it_is():
    reshaped = helper.make_node("Reshape", ["state", "shape"], ["logits"])
    graph = helper.make_graph(
        [helper.make_node("Neg", ["state"], ["next_state"]), reshaped],
        "tiny",
        [helper.make_tensor_value_info("state", TensorProto.FLOAT, ["rows", 4])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", 4]) for name in ("logits", "next_state")],
        [onnx.numpy_helper.from_array(np.array([2, 4]), "shape")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert answer_some(model) is model
