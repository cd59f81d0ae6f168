"""Recurrent layers over a window: operators and counted loops, which say what Keras says and do not grow with it."""

from __future__ import annotations

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from keras import layers as k
from keras import ops

from edgeword.bundle.spec import Decode, EmptyPrompt, Spec, Window
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import engine_of
from edgeword.padding import Padding
from edgeword.precisions import FORMATS
from edgeword.probabilities import log_softmax
from edgeword_export.errors import ConversionError
from edgeword_export.formats.tflite import check_operators
from edgeword_export.formats.writer import writer
from edgeword_export.graphs.recurrence import unrolled
from edgeword_export.graphs.sequences.loop import looped
from edgeword_export.graphs.window_graph import window_signature
from edgeword_export.source.keras_model import inspect_model
from tests.export.graphs.zoo import LeakyCell
from tests.tiny import drawn

VOCABULARY, UNITS = 40, 6
# Past the length up to which TFLite files hold a cell for each position; ONNX files have no other form for some.
LENGTHS = {"tflite": 36, "onnx": 12}
LENGTH = LENGTHS["tflite"]
TOLERANCES = {"float32": 1e-4, "dynamic-int8": 0.5}


def built(over_window, mask_zero=False, length=LENGTH) -> keras.Model:
    """A model that is built on its embedded words."""
    keras.utils.set_random_seed(1)
    ids = keras.Input((length,), dtype="int32")
    x = over_window(k.Embedding(VOCABULARY, UNITS, mask_zero=mask_zero)(ids))
    return drawn(keras.Model(ids, k.Dense(VOCABULARY, activation="softmax")(x)))


def stacked(x):
    x = k.Bidirectional(k.LSTM(UNITS, return_sequences=True))(x)
    return k.GRU(UNITS)(k.Bidirectional(k.GRU(UNITS, return_sequences=True), merge_mode="sum")(x))


def zeros_for_masked(x):
    return k.SimpleRNN(UNITS)(k.GRU(UNITS, return_sequences=True, zero_output_for_mask=True, go_backwards=True)(x))


def returned_states(x):
    last, hidden, carry = k.LSTM(UNITS, return_state=True, go_backwards=True)(x)
    outputs, state = k.GRU(UNITS, return_sequences=True, return_state=True)(x)
    return k.Concatenate()([last, hidden, carry, state, ops.max(outputs, axis=1)])


def given_state(x):
    _, state = k.GRU(UNITS, return_state=True)(x)
    return k.GRU(UNITS, go_backwards=True)(x, initial_state=[state])


MODELS = {
    "lstm": lambda: k.LSTM(UNITS),
    "lstm-backwards": lambda: k.LSTM(UNITS, go_backwards=True, use_bias=False),
    "lstm-of-other-activations": lambda: k.LSTM(UNITS, activation="relu", recurrent_activation="hard_sigmoid"),
    "gru": lambda: k.GRU(UNITS),
    "gru-reset-before": lambda: k.GRU(UNITS, reset_after=False, go_backwards=True),
    "gru-without-bias": lambda: k.GRU(UNITS, use_bias=False),
    "simple-rnn": lambda: k.SimpleRNN(UNITS, activation="relu"),
    "bidirectional-lstm": lambda: k.Bidirectional(k.LSTM(UNITS)),
    "bidirectional-gru": lambda: k.Bidirectional(k.GRU(UNITS)),
    "cell-in-a-layer": lambda: k.RNN(k.LSTMCell(UNITS)),
    "own-cell": lambda: k.Bidirectional(k.RNN(LeakyCell(UNITS))),
    "stacked": lambda: stacked,
    "zeros-for-masked": lambda: zeros_for_masked,
    "returned-states": lambda: returned_states,
    "given-state": lambda: given_state,
}


def written(model: keras.Model, file_format: str, precision: str = "float32") -> bytes:
    source = inspect_model(model)
    window = Window(model.inputs[0].shape[1], Padding(), masked=False)
    return writer(file_format, lambda style: [window_signature(source, window, style)]).write(precision)


def windows(length: int) -> np.ndarray:
    """Texts with padding before, behind, inside and everywhere, `[N, L]`."""
    random = np.random.default_rng(0)
    ids = random.integers(1, VOCABULARY, (7, length)).astype(np.int32)
    ids[1, : length - 5] = ids[2, 7:] = ids[3, ::2] = ids[4] = ids[5, 4:-3] = 0
    return ids


def assert_same(model: keras.Model, content: bytes, file_format: str, tolerance: float) -> None:
    graph = engine_of(file_format).open(content, 1).graph("window")
    for ids in windows(model.inputs[0].shape[1]):
        graph.inputs["ids"][:] = ids
        graph.run()
        ours, theirs = log_softmax(graph.outputs["logits"].reshape(-1)), np.log(np.asarray(model(ids[None]))[0])
        np.testing.assert_allclose(ours, theirs, atol=tolerance)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("mask_zero", [False, True], ids=["plain", "masked"])
@pytest.mark.parametrize("name", MODELS)
def test_says_what_keras_says(name, mask_zero, file_format):
    model = built(MODELS[name](), mask_zero, LENGTHS[file_format])
    for precision, tolerance in TOLERANCES.items():
        assert_same(model, written(model, file_format, precision), file_format, tolerance)


@pytest.mark.parametrize("call", [looped, unrolled])
@pytest.mark.parametrize("backwards", [False, True])
def test_several_texts_at_once(backwards, call):
    """Within what is called for each time step a batch is no single text."""
    random = np.random.default_rng(0)
    texts, mask = random.normal(size=(3, 9, UNITS)).astype(np.float32), random.random((3, 9)) < 0.6
    layer = k.GRU(UNITS, return_sequences=True, return_state=True, go_backwards=backwards)
    expected = layer(texts, mask=mask)
    for ours, theirs in zip(tf.function(call(layer))(texts, mask=tf.constant(mask)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def operators_in(content: bytes, file_format: str) -> int:
    if file_format == "onnx":
        return len(onnx.load_from_string(content).graph.node)
    return sum(len(graph.operators) for graph in parsed(content).subgraphs)


def parsed(content: bytes):
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("cell", [k.LSTM, k.GRU, k.SimpleRNN])
def test_a_file_does_not_grow_with_its_window(cell, file_format):
    short, long = (written(built(k.Bidirectional(cell(UNITS)), True, length), file_format) for length in (40, 200))
    assert operators_in(short, file_format) == operators_in(long, file_format) < 110
    # A window holds a few numbers for each position: where the text stands in it.
    assert abs(len(long) - len(short)) <= 3 * 160 * 4


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("precision", ["dynamic-int8", "int4"])
@pytest.mark.parametrize("cell", [k.LSTM, k.GRU, k.SimpleRNN])
def test_recurrent_weights_are_quantized(cell, precision, file_format):
    model = built(k.Bidirectional(cell(96)))
    assert len(written(model, file_format, precision)) < 0.45 * len(written(model, file_format))


@pytest.mark.parametrize(("file_format", "precision"), [("onnx", "float32"), ("tflite", "static-int8")])
def test_a_cell_that_would_be_written_too_often_is_refused_in_one_line(file_format, precision):
    model = built(k.RNN(LeakyCell(UNITS), name="leaky", go_backwards=True), length=129)
    refusal = r"layer 'leaky' \(LeakyCell\) has no operator .* 129 times, .* 128 are allowed: .*--window.*\)"
    with pytest.raises(ConversionError, match=f"^{refusal}$"):
        written(model, file_format, precision)


def converted(go_on, body, start: int = 0) -> bytes:
    """A TFLite file with a loop."""

    @tf.function(input_signature=[tf.TensorSpec((1,), tf.int32, name="ids")], autograph=False)
    def loop(ids):
        return tf.while_loop(go_on, body, (tf.constant(start), ids))[1]

    return bytes(tf.lite.TFLiteConverter.from_concrete_functions([loop.get_concrete_function()], loop).convert())


def test_a_loop_that_counts_to_a_constant_is_taken():
    check_operators(converted(lambda i, _: i < 5, lambda i, x: (i + 1, x * 2)))


@pytest.mark.parametrize(
    "loop",
    [
        pytest.param((lambda i, x: x[0] < 5, lambda i, x: (i + 1, x * 2)), id="ends-by-its-data"),
        pytest.param((lambda i, x: i < x[0], lambda i, x: (i + 1, x)), id="counts-to-its-data"),
        pytest.param((lambda i, _: i < 5, lambda i, x: (i + x[0], x)), id="counts-by-its-data"),
        pytest.param((lambda i, _: i < 5, lambda i, x: (i - 1, x * 2)), id="counts-down"),
        pytest.param((lambda i, _: i < 2**31 - 1, lambda i, x: (i + 2, x * 2)), id="counts-past-the-end"),
        pytest.param((lambda i, _: i < 2**30, lambda i, x: (i + 1, x * 2)), id="counts-too-far"),
        pytest.param((lambda i, _: i > -5, lambda i, x: (i + 1, x * 2)), id="compares-otherwise"),
    ],
)
def test_a_loop_that_may_not_end_is_refused(loop):
    with pytest.raises(ConversionError, match="a WHILE that is not known to end"):
        check_operators(converted(*loop))


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_decoder_on_a_long_window_says_what_keras_says(file_format):
    model = built(k.Bidirectional(k.LSTM(UNITS)), True)
    window = Window(LENGTH, Padding(), masked=False)
    spec = Spec(VOCABULARY, Decode("window", "window"), window, (), EmptyPrompt((0,), (0.0,)))
    decoder = decoder_factory(engine_of(file_format).open(written(model, file_format), 1), spec)()
    ids = [5, 7, 9]
    for _ in range(4):
        decoder.begin(ids)
        expected = np.asarray(model(window.padding.windows([ids], LENGTH)))[0]
        np.testing.assert_allclose(np.exp(log_softmax(decoder.logits())), expected, atol=1e-5)
        ids.append(int(expected.argmax()))
