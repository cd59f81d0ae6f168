"""The traps of the converters, planted: each is caught before a file is shipped."""

from __future__ import annotations

import errno

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

from edgeword.bundle.manifest import Fidelity
from edgeword_export.errors import ConversionError
from edgeword_export.exporting import export
from edgeword_export.formats import onnx as onnx_format
from edgeword_export.formats import tflite
from edgeword_export.graphs.signature import Signature, input_spec
from edgeword_export.graphs.step_graph import StepModel
from edgeword_export.proof.gates import gate_failure
from edgeword_export.source.keras_model import inspect_model
from tests import tiny


def fidelity(**changes):
    good = {
        "positions": 100,
        "max_logprob_difference": 1e-6,
        "top1_agreement": 1.0,
        "perplexity": 50.0,
        "perplexity_increase": 0.0,
        "same_greedy_words": True,
    }
    return Fidelity(**{**good, **changes})


def test_keras_own_export_needs_flex_operators_and_is_refused(tmp_path):
    model = tiny.lstm(mask_zero=False)
    model.export(tmp_path / "model.tflite", format="litert", verbose=False)
    with pytest.raises(ConversionError, match="Flex"):
        tflite.check_operators((tmp_path / "model.tflite").read_bytes())


def test_a_file_without_its_weights_is_refused(tmp_path):
    module = tf.Module()
    step = StepModel(inspect_model(tiny.lstm())).signatures()[0]
    module.model = step.tracked
    module.step = tf.function(step.function(), input_signature=step.specs())
    tf.saved_model.save(module, str(tmp_path), signatures={"step": module.step.get_concrete_function()})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path), signature_keys=["step"])
    with pytest.raises(ConversionError, match="weights"):
        tflite.check_operators(converter.convert())


def test_a_loop_in_the_onnx_graph_is_refused():
    model = tiny.lstm(mask_zero=False)

    def call(inputs):
        return {"logits": model(inputs["ids"], training=False)}

    signature = Signature("window", {"ids": input_spec("ids", (1, tiny.WINDOW), "int32")}, call, model)
    with pytest.raises(ConversionError, match="Loop"):
        onnx_format.OnnxWriter(lambda _style: [signature]).write("float32")


def held() -> Signature:
    """A graph over a tensor that is no variable, as a layer's table of positions is; too large to be written inline."""
    table = tf.constant(np.arange(600, dtype=np.float32).reshape(2, 300))

    def call(inputs):
        return {"logits": tf.gather(table, inputs["token"])}

    return Signature("step", {"token": input_spec("token", (1,), "int32")}, call, keras.Sequential([]))


def test_a_tensor_that_a_graph_holds_on_to_is_in_the_onnx_file():
    content = onnx_format.OnnxWriter(lambda _style: [held()]).write("float32")
    assert [item.name for item in onnx.load_from_string(content).graph.input] == ["token"]
    session = onnxruntime.InferenceSession(content)
    np.testing.assert_array_equal(session.run(None, {"token": np.array([1], np.int32)})[0][0], np.arange(300, 600))


def test_an_onnx_file_with_an_input_that_its_signature_lacks_is_none(monkeypatch):
    monkeypatch.setattr(onnx_format, "_fold_constants", lambda *_: None)
    with pytest.raises(ConversionError, match="'step' in the onnx file has the input '.*' as float32"):
        onnx_format.OnnxWriter(lambda _style: [held()]).write("float32")


def test_a_tflite_file_with_an_input_of_another_shape_is_none(monkeypatch):
    writer = tflite.TFLiteWriter(lambda style: StepModel(inspect_model(tiny.lstm()), style).signatures())
    inputs = tflite.TFLiteWriter.inputs
    assert {name: len(found) for name, found in writer.inputs(writer.write("float32")).items()} == {
        "step": 3,
        "advance": 3,
    }
    changed = lambda self, content: {"step": {**inputs(self, content)["step"], "state_1": ("float32", (1, 7))}}  # noqa: E731
    monkeypatch.setattr(tflite.TFLiteWriter, "inputs", changed)
    with pytest.raises(ConversionError, match=r"'step' in the tflite file has the input 'state_1' as float32 \[1, 7\]"):
        writer.write("float16")


def test_both_signatures_share_one_copy_of_the_weights():
    signatures = StepModel(inspect_model(tiny.lstm(units=64))).signatures()
    both = len(tflite.TFLiteWriter(lambda _style: signatures).write("float32"))
    one = len(tflite.TFLiteWriter(lambda _style: signatures[:1]).write("float32"))
    assert both - one < 0.1 * one


def test_no_product_is_left_in_float32_by_int4(exporting):
    model = onnx.load(
        exporting(formats=["onnx"], precisions=["int4"], max_perplexity_increase=50).path / "model.int4.onnx"
    )
    kinds = [node.op_type for node in model.graph.node]
    assert "MatMulNBits" in kinds
    assert not {"Gemm", "MatMul"} & set(kinds)


def test_a_product_that_has_no_int4_form_is_found_out(exporting, monkeypatch):
    monkeypatch.setattr(onnx_format, "round_weights", lambda model, samples: None)
    assert "no int4 form is known of" in exporting(formats=["onnx"], precisions=["float32", "int4"]).failures[0]


@pytest.mark.parametrize(
    ("precision", "changes", "fragment"),
    [
        ("float32", {"perplexity": float("nan")}, "NaN"),
        ("dynamic-int8", {"max_logprob_difference": float("inf")}, "NaN or infinity"),
        ("float32", {"same_greedy_words": False}, "greedy words"),
        ("float32", {"perplexity_increase": 0.1}, "at most 0.01 %"),
        ("float32", {"perplexity_increase": -0.4}, "a fall of at most 0.01 %"),
        ("float32", {"max_logprob_difference": 2.4}, "off by up to 2.4 nats"),
        ("float32", {"max_logprob_difference": 0.0011}, "at most 0.001 is allowed"),
        ("dynamic-int8", {"perplexity_increase": -9.0}, "a fall of at most 1 %"),
        ("dynamic-int8", {"perplexity_increase": 0.6}, "at most 0.5 %"),
    ],
)
def test_a_variant_outside_its_gate_is_named(precision, changes, fragment):
    assert fragment in gate_failure(precision, fidelity(**changes))


def test_a_variant_inside_its_gate_passes():
    assert gate_failure("float32", fidelity()) is None
    assert gate_failure("dynamic-int8", fidelity(perplexity_increase=0.4, same_greedy_words=False)) is None
    assert gate_failure("dynamic-int8", fidelity(perplexity_increase=-0.9, max_logprob_difference=0.3)) is None
    assert gate_failure("int4", fidelity(perplexity_increase=-2.05)) is None


def test_the_gate_can_be_moved():
    worse = fidelity(perplexity_increase=3.0)
    assert gate_failure("dynamic-int8", worse, max_increase=5.0) is None
    assert "at most 1 %" in gate_failure("dynamic-int8", worse, max_increase=1.0)
    assert gate_failure("dynamic-int8", fidelity(perplexity_increase=-3.0), max_increase=5.0) is None
    assert "off by" in gate_failure("float32", fidelity(max_logprob_difference=0.1), max_increase=5.0)


@pytest.fixture
def exporting(tmp_path):
    tiny.lstm().save(tmp_path / "model.keras")
    (tmp_path / "tokenizer.json").write_text(tiny.TOKENIZER.to_json(), encoding="utf-8")

    def run(**options):
        settings = {"tokenizer": tmp_path / "tokenizer.json", **options}
        return export(tmp_path / "model.keras", tmp_path / "bundle", **settings)

    return run


@pytest.fixture
def make_dynamic_int8(monkeypatch):
    """Put another recipe in the place of the one that quantizes ONNX files, of the graph of some precision."""

    def put(recipe, precision="dynamic-int8"):
        style, _ = onnx_format._RECIPES[precision]
        monkeypatch.setitem(onnx_format._RECIPES, "dynamic-int8", (style, recipe))

    return put


def test_a_quantizer_that_does_nothing_is_found_out(exporting, make_dynamic_int8):
    make_dynamic_int8(onnx_format._float32, "float32")
    exported = exporting(formats=["onnx"], precisions=["float32", "dynamic-int8"])
    assert [variant.precision for variant in exported.manifest.variants] == ["float32"]
    assert "nothing was quantized" in exported.failures[0]
    assert not (exported.path / "model.dynamic-int8.onnx").exists()


def test_a_full_disk_is_not_the_models_fault(exporting, make_dynamic_int8, tmp_path):
    """What the machine lacks ends the export; it is no variant left out."""

    def full(model, samples):
        raise OSError(errno.ENOSPC, "No space left on device")

    make_dynamic_int8(full)
    with pytest.raises(OSError, match="No space left"):
        exporting(formats=["onnx"], precisions=["float32", "dynamic-int8"])
    assert not (tmp_path / "bundle").exists()


def test_a_damaged_weight_is_found_out(exporting, make_dynamic_int8):
    def zeroed(model: onnx.ModelProto, samples) -> onnx.ModelProto:
        model = onnx_format._dynamic_int8(model, samples)
        largest = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
        largest.raw_data = bytes(len(largest.raw_data))
        return model

    make_dynamic_int8(zeroed)
    exported = exporting(formats=["onnx"], precisions=["float32", "dynamic-int8"])
    assert [variant.precision for variant in exported.manifest.variants] == ["float32"]
    assert "model.dynamic-int8.onnx" in exported.failures[0]


def test_a_nan_weight_is_found_out(exporting, make_dynamic_int8):
    def poisoned(model: onnx.ModelProto, samples) -> onnx.ModelProto:
        model = onnx_format._dynamic_int8(model, samples)
        scale = next(t for t in model.graph.initializer if t.name.endswith("_scale") and t.dims)
        broken = np.full(tuple(scale.dims), np.nan, np.float32)
        scale.CopyFrom(onnx.numpy_helper.from_array(broken, scale.name))
        return model

    make_dynamic_int8(poisoned)
    (failure,) = exporting(formats=["onnx"], precisions=["float32", "dynamic-int8"]).failures
    assert "the model answers nan, which is no probability" in failure


def test_keras_has_no_say_in_the_files_names():
    source = inspect_model(tiny.lstm())
    writer = onnx_format.OnnxWriter(lambda style: StepModel(source, style).signatures())
    model = onnx.load_from_string(writer.write("float32"))
    assert [item.name for item in model.graph.input] == ["token", "state_0", "state_1", "answered"]
    assert {item.name for item in model.graph.output} == {
        "logits",
        "next_state_0",
        "next_state_1",
    }
    assert keras.backend.backend() == "tensorflow"
