"""Models in the forms in which people keep them: brought into one, with the same answers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as k

import edgeword
from edgeword_export.errors import ModelError
from edgeword_export.exporting import export
from edgeword_export.options import ExportOptions
from edgeword_export.source.forms import in_form
from edgeword_export.source.keras_model import inspect_model
from edgeword_export.source.opening import open_source
from tests import tiny

V, L = 20, 8
IDS = np.random.default_rng(0).integers(0, V, (4, L))


def rnn(ids, **options):
    return k.GRU(8, return_sequences=True, **options)(k.Embedding(V, 8)(ids))


def in_a_list():
    ids = keras.Input((L,))
    return keras.Model([ids], k.Dense(V)(rnn(ids))), lambda model: model([IDS])


def under_a_name():
    ids = keras.Input((L,), name="ids")
    return keras.Model({"ids": ids}, k.Dense(V)(rnn(ids))), lambda model: model({"ids": IDS})


def under_names():
    ids = keras.Input((L,), name="ids")
    return keras.Model({"ids": ids}, {"words": k.Dense(V)(rnn(ids))}), lambda model: model({"ids": IDS})["words"]


def with_an_output_under_a_name():
    ids = keras.Input((L,), name="ids")
    return keras.Model(ids, {"words": k.Dense(V)(rnn(ids))}), lambda model: model(IDS)["words"]


def with_its_state():
    ids = keras.Input((L,))
    every, state = rnn(ids, return_state=True)
    return keras.Model(ids, [k.Dense(V)(every), state]), lambda model: model(IDS)[0]


def stateful():
    layers = [k.Embedding(V, 8), k.LSTM(8, stateful=True, return_sequences=True), k.Dense(V)]
    return keras.Sequential([keras.Input(batch_shape=(4, L)), *layers]), lambda model: model(IDS)


def mixed():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layers = [k.Embedding(V, 8), k.LSTM(8), k.Dense(V, activation="softmax", dtype="float32")]
        model = keras.Sequential([keras.Input((L,)), *layers])
    finally:
        keras.config.set_dtype_policy("float32")
    return model, lambda model: model(IDS)


def characters(features, rows):
    layers = [k.LSTM(8), k.Dense(V, activation="softmax")]
    model = keras.Sequential([keras.Input((L, features)), *layers])
    return model, lambda model: model(rows.astype("float32"))


FORMS = {
    "in a list": (in_a_list, "list or name"),
    "under a name": (under_a_name, "list or name"),
    "input and output under names": (under_names, "list or name"),
    "the output under a name": (with_an_output_under_a_name, "list or name"),
    "with its state": (with_its_state, "of words is taken"),
    "stateful, fixed batch": (stateful, "keep no state"),
    "mixed precision": (mixed, "float32"),
    "one-hot characters": (lambda: characters(V, np.eye(V)[IDS]), "looked up"),
    "scaled characters": (lambda: characters(1, IDS[..., None] / V), "looked up"),
}


@pytest.mark.parametrize(("make", "said"), FORMS.values(), ids=FORMS)
def test_a_form_answers_as_it_did(make, said):
    keras.utils.set_random_seed(1)
    model, ask = make()
    expected = np.asarray(ask(model))
    brought, changes = in_form(model)
    assert said in "; ".join(changes)
    assert inspect_model(brought).vocabulary == V
    np.testing.assert_allclose(np.asarray(brought(IDS)), expected, atol=2e-3 if make is mixed else 1e-6)


def test_the_usual_form_is_left_alone():
    model = tiny.lstm()
    assert in_form(model) == (model, ())


def test_outputs_of_which_none_is_as_wide_as_the_vocabulary_are_named():
    ids = keras.Input((L,))
    every, state = rnn(ids, return_state=True)
    with pytest.raises(ModelError, match=r"2 outputs \(.*\), and not one as wide"):
        in_form(keras.Model(ids, [k.Dense(3)(every), k.Dense(5)(state)]))


class Own(keras.Model):
    """A model of a class of its owner's."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.rnn = k.Embedding(tiny.VOCABULARY, 8), k.GRU(8)
        self.words = k.Dense(tiny.VOCABULARY)

    def call(self, ids):
        return self.words(self.rnn(self.table(ids)))


def test_a_live_model_of_ones_own_class_is_exported(tmp_path):
    model = Own()
    export(model, tmp_path / "bundle", tokenizer=tiny.TOKENIZER, window=6, precisions=["float32"], formats=["onnx"])
    lm = edgeword.load(tmp_path / "bundle")
    decoder = lm.decoder()
    decoder.begin(tiny.SEQUENCES[0])
    padded = keras.utils.pad_sequences([tiny.SEQUENCES[0]], 6)
    assert decoder.greedy()[0] == int(np.asarray(model(padded))[0].argmax())


def test_a_model_that_cannot_be_called_says_how_to_build_it():
    class Broken(keras.Model):
        def call(self, ids):
            raise KeyError("inside")

    with pytest.raises(ModelError, match="cannot be called on ids .*keras.Input"):
        in_form(Broken())


@pytest.mark.parametrize("length", [None, 6])
def test_a_text_layer_becomes_the_tokenizer(length):
    layer = k.TextVectorization(output_sequence_length=length)
    layer.adapt(list(tiny.LINES))
    words = layer.vocabulary_size()
    model = keras.Sequential([keras.Input((), dtype="string"), layer, k.Embedding(words, 8), k.LSTM(8), k.Dense(words)])
    source = open_source(model, ExportOptions())
    expected = [int(token) for token in np.asarray(layer(["the cell, READS zebra"]))[0] if token]
    assert source.tokenizer.encode("the cell, READS zebra") == expected
    assert (source.window.length, source.windowed) == (length, length is not None)
    if length:
        assert (source.window.padding.side, source.window.padding.truncating) == ("post", "post")
    text = "a gate decides what the cell forgets and remembers"
    ids = np.asarray(layer([text]))
    np.testing.assert_allclose(
        np.asarray(source.model.model(ids)), np.asarray(model(np.array([text], dtype=object))), atol=1e-6
    )


def test_of_a_model_that_keras_quantized_there_is_what_can_be_written_and_the_other_reason_is_short(tmp_path):
    model = tiny.lstm(None)
    expected = int(np.asarray(model(np.array([tiny.SHORT])))[0].argmax())
    model.quantize("int8")
    exported = export(model, tmp_path / "bundle", tokenizer=tiny.TOKENIZER, precisions=["float32"])
    assert [variant.format for variant in exported.manifest.variants] == ["onnx"]
    decoder = edgeword.load(tmp_path / "bundle").decoder()
    decoder.begin(tiny.SHORT)
    assert decoder.greedy()[0] == expected
    (failure,) = exported.failures
    assert failure.startswith("model.float32.tflite: the tflite converter failed on float32: 'tfl.fully_connected' op ")
    assert "loc(" not in failure
