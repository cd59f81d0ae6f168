"""Rows: a graph's first axis is free where each row is answered as alone, and has one row elsewhere."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from edgeword.bundle.spec import Decode, EmptyPrompt, Spec, Window
from edgeword.decoding.factory import Decoders
from edgeword.engines.engine import engine_of
from edgeword.padding import Padding
from edgeword_export.formats.writer import writer
from edgeword_export.graphs.graphs import graphs_of
from edgeword_export.graphs.signature import PLAIN
from edgeword_export.source.keras_model import inspect_model
from tests import tiny

WINDOW = Window(tiny.WINDOW, Padding(), masked=False)


@keras.saving.register_keras_serializable("rows")
class AgainstTheOthers(layers.Layer):
    """What a row is beside the others of its batch: a model that reads no two texts at once."""

    def call(self, inputs):
        return inputs - keras.ops.mean(inputs, axis=0, keepdims=True)


def graphs(model, window=WINDOW):
    return graphs_of(inspect_model(model), window, True)


def rows_of(found):
    return {signature.specs()[0].shape[0] for signature in found.signatures(PLAIN)}


MODELS = {
    "step": lambda: tiny.recurrent(layers.GRU(8), mask_zero=False),
    "window": tiny.convolution,
    "backwards": lambda: tiny.recurrent(layers.Bidirectional(layers.SimpleRNN(8)), mask_zero=True),
    "flattened": lambda: tiny.model(
        [layers.Embedding(tiny.VOCABULARY, 8), layers.Flatten(), layers.Dense(tiny.VOCABULARY, activation="softmax")]
    ),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_models_that_read_rows_apart_have_free_ones(make):
    assert rows_of(graphs(make())) == {None}


def test_a_model_that_compares_its_rows_has_one():
    model = tiny.model(
        [
            layers.Embedding(tiny.VOCABULARY, 8),
            layers.Conv1D(8, 3),
            layers.GlobalMaxPooling1D(),
            AgainstTheOthers(),
            layers.Dense(tiny.VOCABULARY, activation="softmax"),
        ]
    )
    found = graphs(model)
    assert rows_of(found) == {1}
    assert writer("onnx", found.signatures).inputs(writer("onnx", found.signatures).write("float32")) == {
        "window": {"ids": ("int32", (1, tiny.WINDOW))}
    }


@pytest.mark.parametrize("file_format", ["tflite", "onnx"])
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_the_files_answer_rows_as_each_alone(make, file_format):
    found = graphs(make())
    files = writer(file_format, found.signatures)
    content = files.write("float32")
    assert {shape[0] for inputs in files.inputs(content).values() for _, shape in inputs.values()} == {None}
    spec = Spec(tiny.VOCABULARY, Decode(found.name, found.name), found.window, found.states, EmptyPrompt((1,), (0.0,)))
    decoders = Decoders(engine_of(file_format).open(content, 1), spec)
    batch, decoder = decoders.batch(len(tiny.SEQUENCES)), decoders.decoder()
    for row, ids in enumerate(tiny.SEQUENCES):
        batch.begin(row, ids)
    for logits, ids in zip(batch.logits(), tiny.SEQUENCES, strict=True):
        decoder.begin(ids)
        np.testing.assert_allclose(logits, decoder.logits(), atol=1e-5)
