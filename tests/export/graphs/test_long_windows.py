"""Recurrent layers over a window, as operators and in loops: they say what Keras says, and do not grow with it."""

from __future__ import annotations

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from keras import layers as k

from edgeword.bundle.spec import Window
from edgeword.engines.engine import engine_of
from edgeword.padding import Padding
from edgeword.precisions import FORMATS
from edgeword_export.errors import ConversionError
from edgeword_export.formats.writer import writer
from edgeword_export.graphs.recurrence.cells import looped, unrolled
from edgeword_export.graphs.window_graph import window_signature
from edgeword_export.keras_files.activations import keras_2_hard_sigmoid
from edgeword_export.source.keras_model import inspect_model
from tests.export.graphs.zoo import LeakyCell
from tests.tiny import drawn

U, LENGTH = 4, 6


def over(layer):
    """All positions of a layer: the last one, and the largest values."""
    return lambda x: k.Concatenate()([(h := layer(x))[:, -1], k.GlobalMaxPooling1D()(h)])


def given_state(x):
    _, state = k.GRU(U, return_state=True)(x)
    return k.GRU(U, go_backwards=True)(x, initial_state=[state])


def lstm_states(x):
    return k.Concatenate()(k.LSTM(U, return_state=True, go_backwards=True)(x))


def gru_states(x):
    outputs, state = k.GRU(U, return_sequences=True, return_state=True)(x)
    return k.Concatenate()([outputs[:, -1], state])


def stacked(x):
    x = k.Bidirectional(k.LSTM(U, return_sequences=True))(x)
    return over(k.Bidirectional(k.GRU(U, return_sequences=True), merge_mode="sum"))(x)


# What ONNX has operators for, and one for which it has none.
CELLS = {
    "lstm": lambda: k.LSTM(U),
    "lstm-without-bias": lambda: k.LSTM(U, use_bias=False),
    "lstm-activations": lambda: k.LSTM(U, activation="relu", recurrent_activation="hard_sigmoid"),
    "lstm-of-keras-2": lambda: k.LSTM(U, activation="linear", recurrent_activation=keras_2_hard_sigmoid),
    "gru": lambda: k.GRU(U),
    "gru-reset-before": lambda: k.GRU(U, reset_after=False),
    "gru-without-bias": lambda: k.GRU(U, use_bias=False),
    "simple-rnn": lambda: k.SimpleRNN(U, activation="relu"),
    "stacked-cells": lambda: k.RNN([k.LSTMCell(U), k.GRUCell(U)]),
    "own-cell": lambda: k.RNN(LeakyCell(U)),
}

# How layers are called, and what they answer.
WAYS = {
    "stacked": lambda: stacked,
    "zeros": lambda: over(k.GRU(U, return_sequences=True, zero_output_for_mask=True, go_backwards=True)),
    "own-cell": lambda: over(k.RNN(LeakyCell(U), return_sequences=True)),
    "gru-states": lambda: gru_states,
    "lstm-states": lambda: lstm_states,
    "given-state": lambda: given_state,
}


def branched(branches, mask_zero: bool) -> tuple[keras.Model, dict[str, slice]]:
    """Every branch on the same words, and where in the logits it is."""
    keras.utils.set_random_seed(1)
    ids = keras.Input((LENGTH,), dtype="int32")
    words = k.Embedding(200, U, mask_zero=mask_zero)(ids)
    outputs = {name: make()(words) for name, make in branches.items()}
    ends = np.cumsum([output.shape[-1] for output in outputs.values()])
    places = {name: slice(end - outputs[name].shape[-1], end) for name, end in zip(outputs, ends, strict=True)}
    return drawn(keras.Model(ids, k.Concatenate()(list(outputs.values())))), places


def model_of(length: int, *layers: keras.layers.Layer, mask_zero: bool = False) -> keras.Model:
    keras.utils.set_random_seed(1)
    return drawn(keras.Sequential([keras.Input((length,)), k.Embedding(40, U, mask_zero=mask_zero), *layers]))


def written(model: keras.Model, file_format: str, precision: str = "float32") -> bytes:
    source = inspect_model(model)
    window = Window(model.inputs[0].shape[1], Padding(), masked=False)
    return writer(file_format, lambda style: [window_signature(source, window, style)]).write(precision)


def texts() -> np.ndarray:
    """With padding before, behind, inside and everywhere, `[N, L]`."""
    ids = np.random.default_rng(0).integers(1, 40, (6, LENGTH)).astype(np.int32)
    ids[1, :-2] = ids[2, 2:] = ids[3, ::2] = ids[4] = 0
    return ids


@pytest.mark.parametrize(
    ("file_format", "branches", "mask_zero"),
    [("onnx", CELLS, False), ("onnx", WAYS, True), ("tflite", WAYS, True)],
    ids=["onnx-cells", "onnx-ways", "tflite-ways"],
)
def test_every_layer_says_what_keras_says(file_format, branches, mask_zero):
    model, places = branched(branches, mask_zero)
    graph = engine_of(file_format).open(written(model, file_format), 1).graph("window")
    for ids, theirs in zip(texts(), np.asarray(model(texts())), strict=True):
        ours = logits(graph, ids)
        off = {name: float(np.abs(ours[place] - theirs[place]).max()) for name, place in places.items()}
        assert {name: value for name, value in off.items() if value > 1e-5} == {}


def logits(graph, ids):
    graph.inputs["ids"][:] = ids
    graph.run()
    return graph.outputs["logits"].reshape(-1)


@pytest.mark.parametrize("call", [looped, unrolled])
def test_several_texts_at_once(call):
    """Within what is called for each time step a batch is no single text."""
    random = np.random.default_rng(0)
    texts, mask = random.normal(size=(3, 8, U)).astype(np.float32), random.random((3, 8)) < 0.6
    layer = k.GRU(U, return_sequences=True, return_state=True, go_backwards=True)
    expected = layer(texts, mask=mask)
    for ours, theirs in zip(tf.function(call(layer))(texts, mask=tf.constant(mask)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def parsed(content: bytes):
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def operators_in(content: bytes, file_format: str) -> int:
    if file_format == "onnx":
        return len(onnx.load_from_string(content).graph.node)
    return sum(len(graph.operators) for graph in parsed(content).subgraphs)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_does_not_grow_with_its_window(file_format):
    layers = [k.GRU(U, return_sequences=True, go_backwards=True), k.LSTM(U), k.Dense(40)]
    short, long = (written(model_of(length, *layers, mask_zero=True), file_format) for length in (8, 200))
    assert operators_in(short, file_format) == operators_in(long, file_format)
    # ONNX files hold a few numbers for each position: where the text stands in it.
    assert len(long) - len(short) <= 3 * 192 * 4


@pytest.mark.parametrize("file_format", FORMATS)
def test_recurrent_weights_are_quantized(file_format):
    ids = keras.Input((5,), dtype="int32")  # a prime: each turn of a loop takes one position
    words = k.Embedding(192, 64)(ids)
    units = [k.LSTM(64, return_sequences=True)(words), k.GRU(64, return_sequences=True)(words), k.SimpleRNN(64)(words)]
    model = drawn(keras.Model(ids, k.Concatenate()([units[0][:, -1], units[1][:, -1], units[2]])))
    exact, rounded = (written(model, file_format, precision) for precision in ("float32", "dynamic-int8"))
    assert len(rounded) < 0.4 * len(exact)
    graphs = [engine_of(file_format).open(content, 1).graph("window") for content in (exact, rounded)]
    theirs, ours = (logits(graph, [5, 6, 7, 8, 9]) for graph in graphs)
    assert 0 < np.abs(ours - theirs).max() < 0.05
    weights = 4 * model.count_params()
    read = writer(file_format, list).weights_read(exact)
    assert weights - 4 * 192 * 64 < read < 1.02 * weights


@pytest.mark.parametrize(("file_format", "precision"), [("onnx", "float32"), ("tflite", "static-int8")])
def test_a_cell_that_would_be_written_too_often_is_refused_in_one_line(file_format, precision):
    model = model_of(129, k.RNN(LeakyCell(U), name="leaky", go_backwards=True), k.Dense(40))
    refusal = r"layer 'leaky' \(LeakyCell\) has no operator .* 129 times, .* 128 are allowed: .*--window.*\)"
    with pytest.raises(ConversionError, match=f"^{refusal}$"):
        written(model, file_format, precision)
