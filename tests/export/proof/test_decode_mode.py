"""The decode mode is chosen by proof."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as k

import edgeword
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.spec import EMPTY_PROMPT_IDS, Decode
from edgeword.errors import GateError
from edgeword_export.errors import ModelError
from edgeword_export.formats.onnx import OnnxWriter
from edgeword_export.graphs import operations
from edgeword_export.proof import decode_mode
from edgeword_export.proof.prover import Prover
from tests import tiny


def test_a_masked_model_is_stepped(step_bundle):
    bundle = Bundle(step_bundle)
    assert bundle.spec.decode == Decode("step", "step")
    assert bundle.manifest.proof.agreement == 1.0
    assert "100.0% of" in bundle.manifest.proof.reason


def test_a_model_that_learnt_its_padding_keeps_its_window(export_tiny):
    bundle = Bundle(export_tiny(tiny.lstm(mask_zero=False), precisions=["float32"]))
    assert bundle.spec.decode == Decode("window", "step")
    assert "padded window begins" in bundle.manifest.proof.reason


def test_padding_that_settles_is_where_the_step_graph_begins(export_tiny):
    """A state that forgets fast: after enough padding it is the same, so stepping can begin there."""
    model = tiny.model(
        [
            k.Embedding(tiny.VOCABULARY, 24),
            k.SimpleRNN(32, kernel_regularizer=None),
            k.Dense(tiny.VOCABULARY, activation="softmax"),
        ]
    )
    recurrent = model.layers[1].cell.recurrent_kernel
    recurrent.assign(recurrent * 0.01)
    bundle = export_tiny(model, precisions=["float32"])
    spec = Bundle(bundle).spec
    assert spec.decode == Decode("step", "step")
    settled = model.layers[1](model.layers[0](np.zeros((1, tiny.WINDOW - 1), "int32")))
    np.testing.assert_allclose(spec.states[0].start, settled[0], atol=1e-5)
    empty = model(np.zeros((1, tiny.WINDOW), "int32")).numpy()[0]
    assert edgeword.load(bundle).generate("", 1).ids == (int(empty.argmax()),)


def test_a_layer_that_needs_the_window_is_named(window_bundle):
    bundle = Bundle(window_bundle)
    assert bundle.spec.decode == Decode("window", "window")
    assert "'conv1d" in bundle.manifest.proof.reason
    assert "(Conv1D)" in bundle.manifest.proof.reason


def test_window_can_be_asked_for(replay_bundle):
    bundle = Bundle(replay_bundle)
    assert bundle.spec.decode.mode == "window"
    assert "--decode window" in bundle.manifest.proof.reason


def barely_trained(mask_zero: bool) -> keras.Model:
    """Logits that hardly differ: each text is followed by the same word, whatever else the model says of it."""
    model = tiny.lstm(mask_zero=mask_zero)
    kernel, bias = model.layers[-1].weights
    kernel.assign(kernel * 0.02)
    bias.assign(np.eye(tiny.VOCABULARY)[3])
    return model


def test_a_step_that_says_the_same_words_by_chance_is_no_proof(export_tiny):
    """The words agree everywhere; the log-probabilities do not, and those decide: it is replayed, and exact."""
    manifest = Bundle(export_tiny(barely_trained(mask_zero=False), precisions=["float32"])).manifest
    assert manifest.proof.agreement == 1.0
    assert manifest.spec.decode == Decode("window", "step")
    assert "the same greedy words, and is off by up to 0.0" in manifest.proof.reason
    assert all(variant.fidelity.max_logprob_difference < 1e-4 for variant in manifest.variants)


def test_a_step_graph_that_lies_is_followed_by_the_window_graph(export_tiny, monkeypatch):
    """As if an operation had been taken for one that works per time step."""
    monkeypatch.setitem(operations._OPERATIONS, "Flip", operations._free)
    ids = keras.Input((tiny.WINDOW,), dtype="int32")
    x = k.Embedding(tiny.VOCABULARY, 16)(ids)
    model = tiny.drawn(keras.Model(ids, k.Dense(tiny.VOCABULARY)(k.SimpleRNN(16)(keras.ops.flip(x, axis=1)))))
    manifest = Bundle(export_tiny(model, precisions=["float32"], formats=["onnx"])).manifest
    assert manifest.spec.decode == Decode("window", "window")
    assert "replayed, its" in manifest.proof.reason
    assert manifest.variants[0].fidelity.max_logprob_difference < 1e-4


def test_no_graph_that_says_the_models_words_is_no_bundle(export_tiny, monkeypatch):
    monkeypatch.setattr(decode_mode, "gate_failure", lambda *_: "it says something else")
    with pytest.raises(
        GateError, match=r"no graph says what the Keras model says \(.*\): it says something else"
    ) as caught:
        export_tiny(tiny.lstm(), precisions=["dynamic-int8"], formats=["onnx"])
    assert "\n" not in str(caught.value)


def test_an_empty_prompt_before_pooling_is_the_model_without_words(export_tiny):
    """Keras divides by no words and answers NaN; the mean of none is taken as zero."""
    layers = [
        k.Embedding(tiny.VOCABULARY, 16, mask_zero=True),
        k.GlobalAveragePooling1D(),
        k.Dense(tiny.VOCABULARY, activation="softmax"),
    ]
    model = tiny.model(layers)
    bias = np.linspace(-1, 1, tiny.VOCABULARY)
    model.layers[-1].bias.assign(bias)
    bundle = export_tiny(model, precisions=["float32"])
    expected = bias - np.log(np.exp(bias).sum())
    np.testing.assert_allclose(Bundle(bundle).spec.empty_prompt.logprobs, np.sort(expected)[::-1], atol=1e-5)
    for engine in ("litert", "onnx"):
        assert edgeword.load(bundle, engine).generate("", 1).ids == (tiny.VOCABULARY - 1,)


def test_step_cannot_be_had_of_a_model_that_needs_its_window(export_tiny):
    layers = [k.Embedding(tiny.VOCABULARY, 24), k.Flatten(), k.Dense(tiny.VOCABULARY)]
    with pytest.raises(ModelError, match=r"--decode step: layer 'flatten.*' \(Flatten\)"):
        export_tiny(tiny.model(layers), decode="step")


def test_step_that_says_other_words_is_refused_at_once(export_tiny, monkeypatch):
    """Before another variant is written."""
    written = []
    make = OnnxWriter.make
    monkeypatch.setattr(
        OnnxWriter, "make", lambda self, name, samples: written.append(name) or make(self, name, samples)
    )
    with pytest.raises(GateError, match="--decode step: stepping names .*; leave --decode out"):
        export_tiny(tiny.lstm(mask_zero=False), decode="step", formats=["onnx"])
    assert written == ["float32"]


def test_a_model_of_any_length_that_cannot_be_stepped_asks_for_its_window(export_tiny):
    layers = [k.Embedding(tiny.VOCABULARY, 24), k.GlobalMaxPooling1D(), k.Dense(tiny.VOCABULARY)]
    with pytest.raises(ModelError, match="say with --window L"):
        export_tiny(tiny.model(layers, length=None))


@pytest.mark.parametrize(("model", "modes"), [({"length": None}, ["step"]), ({"mask_zero": False}, ["step", "window"])])
def test_a_file_is_converted_once_and_measured_once_a_mode(export_tiny, monkeypatch, model, modes):
    """Whether it is what proved the decode mode, or what failed to and is replayed."""
    converted, measured = [], []
    convert, measure = OnnxWriter.convert, Prover._measure
    monkeypatch.setattr(OnnxWriter, "convert", lambda self, style: converted.append(self) or convert(self, style))
    monkeypatch.setattr(Prover, "_measure", lambda self, *key: measured.append(key) or measure(self, *key))
    export_tiny(tiny.lstm(**model), formats=["onnx"], precisions=["float32"])
    assert len(converted) == 1
    assert [spec.decode.mode for *_, spec in measured] == modes


def test_the_empty_prompt_is_what_keras_says_of_padding(step_bundle):
    model = keras.models.load_model(step_bundle.parent / "model.keras")
    expected = np.log(model(np.zeros((1, 1), "int32")).numpy()[0])
    found = Bundle(step_bundle).spec.empty_prompt
    assert len(found.ids) == min(EMPTY_PROMPT_IDS, tiny.VOCABULARY)
    assert list(found.ids) == np.argsort(-expected, kind="stable")[: len(found.ids)].tolist()
    np.testing.assert_allclose(found.logprobs, expected[list(found.ids)], atol=1e-4)
