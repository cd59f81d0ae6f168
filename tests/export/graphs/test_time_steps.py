"""What works time step by time step is read from the operations of a model's graph; nothing is converted here."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as k
from keras import ops

from edgeword.padding import Padding
from edgeword_export.errors import NotSteppableError
from edgeword_export.graphs.graphs import graphs_of, step_graphs
from edgeword_export.graphs.step_graph import StepModel
from edgeword_export.source.keras_model import inspect_model, window_of
from tests.export.graphs.zoo import U, functional
from tests.tiny import VOCABULARY, WINDOW


@keras.saving.register_keras_serializable("tests")
def squashed(x):
    return ops.cumsum(x, axis=1)


@keras.saving.register_keras_serializable("tests")
class Doubled(k.Dense):
    """A layer that edgeword knows, with a call that it does not know."""

    def call(self, inputs, training=None):
        return super().call(inputs) + ops.mean(inputs, axis=1, keepdims=True)


def shared():
    layer, inner = k.LSTM(U, return_sequences=True), keras.Sequential([keras.Input((None, U)), k.GRU(U)])

    def build(x):
        return k.Add()([layer(layer(x))[:, -1], inner(x), inner(layer(x))])

    return build


def stacked():
    return lambda x: k.RNN([k.LSTMCell(U), k.GRUCell(U)])(k.RNN(k.LSTMCell(U), return_sequences=True)(x))


# What is built on the embedded words → how many states it has.
STATES = {
    "a layer and a block called more than once": (shared(), 3 * 2 + 2),
    "stacked cells": (stacked(), 5),
    "no recurrent layer at all": (lambda x: k.Dense(U)(x[..., -1, :]), 0),
    "a slice of the features": (lambda x: k.GRU(U // 2)(x[:, :, : U // 2]), 1),
    "the last position as a slice": (lambda x: k.Flatten()(k.SimpleRNN(U, return_sequences=True)(x)[:, -1:]), 1),
    "features summed": (lambda x: k.Dense(U)(ops.concatenate([x, ops.sum(x, -1, keepdims=True)], -1))[:, -1], 0),
    "time on both sides of an einsum": (lambda x: k.EinsumDense("btd,df->btf", (None, U), bias_axes="f")(x)[:, -1], 0),
    "a state that begins from a constant": (lambda x: k.GRU(U)(x, initial_state=np.ones((1, U), np.float32)), 1),
    "the features of the last position": (lambda x: k.Reshape((U,))(k.RepeatVector(1)(k.GRU(U)(x))), 1),
}

# What is built on the embedded words → what the reason says.
REFUSED = {
    "the last position beside each": (
        lambda x: k.Dense(U)(x + k.RepeatVector(WINDOW)(k.GRU(U)(x)))[:, -1],
        "combines each position with the last one",
    ),
    "a Dense along time": (lambda x: k.Dense(U)(ops.mean(x, axis=-1)), "reads more than one position"),
    "an einsum along time": (lambda x: k.EinsumDense("btd,tf->bdf", (U, U))(x)[:, -1], "mixes positions"),
    "a bias for each position": (
        lambda x: k.EinsumDense("btd,df->btf", (WINDOW, U), bias_axes="tf")(x)[:, -1],
        "mixes positions",
    ),
    "a normalization along time": (lambda x: k.LayerNormalization(axis=1)(x)[:, -1], "works along time"),
    "a softmax along time": (lambda x: k.Softmax(axis=1)(x)[:, -1], "works along time"),
    "a mean of everything": (lambda x: x[:, -1] * ops.mean(x), "works along time"),
    "a reshape across time": (lambda x: k.Reshape((WINDOW // 2, 2 * U))(x)[:, -1], "moves values between positions"),
    "an activation of one's own": (lambda x: k.Activation(squashed)(x)[:, -1], "an activation of its own, 'squashed'"),
    "a known layer with another call": (lambda x: Doubled(U)(x)[:, -1], "(Doubled) may read more than one time step"),
    "all but the first position": (lambda x: k.GRU(U)(x[:, 1:]), "reads positions 1:"),
    "recurrence over something else than time": (
        lambda x: k.GRU(U)(k.Reshape((4, U // 4))(k.GRU(U)(x))),
        "reads something else than the positions of the text",
    ),
}


@pytest.mark.parametrize(("build", "states"), STATES.values(), ids=STATES)
def test_each_call_of_a_cell_has_its_own_state(build, states):
    graphs = step_graphs(*shown(functional(build)))
    assert len(graphs.states) == states


@pytest.mark.parametrize(("build", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_known_to_work_per_time_step_is_named(build, reason):
    with pytest.raises(NotSteppableError) as caught:
        step_graphs(*shown(functional(build)))
    assert reason in str(caught.value)


def test_a_mask_of_other_tokens_than_padding_is_no_mask_of_padding():
    ids = keras.Input((WINDOW,), dtype="int32")
    hidden = k.GRU(U)(k.Embedding(VOCABULARY, U)(ids), mask=ops.not_equal(ids, 5))
    model = keras.Model(ids, k.Dense(VOCABULARY)(hidden))
    assert "passes by other tokens than padding" in graphs_of(*shown(model)).reason
    assert graphs_of(*shown(model, padding=5)).window.masked


def test_a_model_is_as_it_was_after_its_graphs_were_made():
    source, window, windowed = shown(functional(shared(), mask_zero=True))
    ids = np.arange(WINDOW)[None] % 7
    before = source.model(ids).numpy()
    calls = {layer.name: layer.call for layer in source.model._flatten_layers()}
    for signature in StepModel(source).signatures():
        signature.traced().get_concrete_function()
    assert graphs_of(source, window, windowed).name == "step"
    assert {layer.name: layer.call for layer in source.model._flatten_layers()} == calls
    np.testing.assert_array_equal(source.model(ids).numpy(), before)


def shown(model: keras.Model, padding: int = 0):
    source = inspect_model(model)
    return source, window_of(source, WINDOW, Padding(value=padding)), True
