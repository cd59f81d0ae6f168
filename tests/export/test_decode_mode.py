"""The decode mode is chosen by proof."""

from __future__ import annotations

import numpy as np
import pytest
from keras import layers as k

import edgeword
from edgeword.bundle.bundle import Bundle
from edgeword_export.proof.decode_mode import MIN_AGREEMENT
from edgeword_export.errors import ModelError
from tests import tiny


def test_a_masked_model_is_stepped(step_bundle):
    decode = Bundle(step_bundle).manifest.decode
    assert (decode.mode, decode.graph) == ("step", "step")
    assert decode.agreement >= MIN_AGREEMENT
    assert "100.0% of" in decode.reason


def test_a_model_that_learnt_its_padding_keeps_its_window(export_tiny):
    decode = Bundle(export_tiny(tiny.lstm(mask_zero=False), precisions=["float32"])).manifest.decode
    assert (decode.mode, decode.graph) == ("window", "step")
    assert "padded window begins" in decode.reason


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
    manifest = Bundle(bundle).manifest
    assert (manifest.decode.mode, manifest.decode.graph) == ("step", "step")
    settled = model.layers[1](model.layers[0](np.zeros((1, tiny.WINDOW - 1), "int32")))
    np.testing.assert_allclose(manifest.state[0].start, settled[0], atol=1e-5)
    empty = model(np.zeros((1, tiny.WINDOW), "int32")).numpy()[0]
    assert edgeword.load(bundle).generate("", 1).ids == (int(empty.argmax()),)


def test_a_layer_that_needs_the_window_is_named(window_bundle):
    decode = Bundle(window_bundle).manifest.decode
    assert (decode.mode, decode.graph) == ("window", "window")
    assert "'conv1d" in decode.reason
    assert "(Conv1D)" in decode.reason


def test_window_can_be_asked_for(replay_bundle):
    decode = Bundle(replay_bundle).manifest.decode
    assert decode.mode == "window"
    assert "--decode window" in decode.reason


def test_step_cannot_be_had_of_a_model_that_needs_its_window(export_tiny):
    layers = [k.Embedding(tiny.VOCABULARY, 24), k.Flatten(), k.Dense(tiny.VOCABULARY)]
    with pytest.raises(ModelError, match=r"--decode step: layer 'flatten.*' \(Flatten\)"):
        export_tiny(tiny.model(layers), decode="step")
