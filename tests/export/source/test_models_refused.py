"""What is no next-word model is refused in one line that names the layer, the shape or the option."""

from __future__ import annotations

import os

import keras
import numpy as np
import pytest
from keras import layers as k

from edgeword.errors import EdgewordError, UsageError
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.errors import ModelError
from edgeword_export.keras_files.reading import load_keras
from edgeword_export.options import ExportOptions
from edgeword_export.source.keras_model import check_tokenizer, inspect_model
from edgeword_export.source.opening import open_source
from tests import tiny
from tests.tiny import VOCABULARY as V


def sequential(*layers, shape=(12,), dtype="int32"):
    return keras.Sequential([keras.Input(shape, dtype=dtype), *layers])


def two_inputs():
    a, b = keras.Input((12,), dtype="int32"), keras.Input((12,), dtype="int32")
    table = k.Embedding(V, 4)
    return keras.Model([a, b], k.Dense(V)(k.LSTM(4)(table(a) + table(b))))


def nan_weight():
    model = sequential(k.Embedding(V, 4), k.LSTM(4), k.Dense(V))
    model.layers[-1].bias.assign(np.full(V, np.nan))
    return model


REFUSED = {
    "scores of shape [B, L, H, V]": (
        lambda: sequential(k.Embedding(V, 4), k.Reshape((12, 2, 2)), k.Dense(V)),
        "answers [B, 12, 2, ",
    ),
    "another length": (lambda: sequential(k.Embedding(V, 4), k.Conv1D(V, 3)), "answers [B, 10, "),
    "two inputs": (two_inputs, "2 inputs"),
    "a float input": (
        lambda: sequential(k.Dense(V), shape=(8,), dtype="float32"),
        "float32 and no Embedding",
    ),
    "features over time": (
        lambda: sequential(k.LSTM(4), k.Dense(V), shape=(12, 3), dtype="float32"),
        "(None, 12, 3)",
    ),
    "more words than rows": (lambda: sequential(k.Embedding(9, 4), k.LSTM(4), k.Dense(V)), "'embedding"),
    "a NaN weight": (nan_weight, "NaN"),
}


@pytest.mark.parametrize(("make", "fragment"), REFUSED.values(), ids=REFUSED)
def test_a_model_of_another_kind_is_refused(make, fragment):
    with pytest.raises(ModelError) as caught:
        inspect_model(make())
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("width", [1, 5])
def test_a_regression_or_a_classifier_does_not_fit_the_tokenizer(width):
    source = inspect_model(sequential(k.Embedding(V, 4), k.LSTM(4), k.Dense(width)))
    with pytest.raises(ModelError, match=rf"answers \[B, {width}\], layer 'embedding.*' has {V} rows"):
        check_tokenizer(tiny.TOKENIZER, source)


def test_a_tokenizer_of_more_words_than_the_model_is_refused():
    larger = Tokenizer.fit([*tiny.LINES, "words that the model never saw"])
    with pytest.raises(ModelError, match=f"the tokenizer has {larger.vocab_size} ids"):
        check_tokenizer(larger, inspect_model(tiny.lstm()))


def test_a_lambda_layer_is_refused_and_its_code_not_run(tmp_path):
    marking = k.Lambda(lambda x: __import__("os").environ.update(EDGEWORD_TEST_RAN="1") or x)
    model = sequential(k.Embedding(V, 4), marking, k.LSTM(4), k.Dense(V))
    for file in ("model.keras", "model.h5"):
        model.save(tmp_path / file)
        os.environ.pop("EDGEWORD_TEST_RAN", None)
        with pytest.raises(ModelError, match="Lambda layer.*holds code"):
            load_keras(tmp_path / file)
        assert "EDGEWORD_TEST_RAN" not in os.environ


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_truncated_file_is_refused(tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    tiny.lstm().save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match="cannot read") as caught:
        load_keras(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_layer_of_ones_own_is_asked_for_by_name_and_taken(tmp_path, suffix, monkeypatch):
    (tmp_path / "own_layers.py").write_text(
        "import keras\nclass Doubling(keras.layers.Layer):\n    def call(self, x):\n        return x * 2\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from own_layers import Doubling

    path = tmp_path / f"model{suffix}"
    sequential(k.Embedding(V, 4), Doubling(), k.LSTM(4), k.Dense(V)).save(path)
    monkeypatch.delitem(__import__("sys").modules, "own_layers")
    monkeypatch.undo()
    with pytest.raises(ModelError, match="--custom-objects module:Doubling"):
        load_keras(path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.json").write_text(tiny.TOKENIZER.to_json(), encoding="utf-8")
    source = open_source(
        path, ExportOptions(tokenizer=tmp_path / "words.json", custom_objects=("own_layers:Doubling",))
    )
    assert source.model.vocabulary == V


@pytest.mark.parametrize("name", ["nowhere:Cell", "json:Nothing", "json", ":"])
def test_custom_objects_that_cannot_be_imported_are_refused(tmp_path, name):
    tiny.lstm().save(tmp_path / "model.keras")
    with pytest.raises(UsageError, match="module:Name"):
        open_source(tmp_path / "model.keras", ExportOptions(custom_objects=(name,)))


@pytest.mark.parametrize(
    ("path", "fragment"),
    [("nothing.keras", "there is no file"), ("notes.txt", "neither a run folder nor"), ("empty", "run")],
)
def test_a_model_that_is_neither_run_nor_keras_file_is_refused(tmp_path, path, fragment):
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EdgewordError, match=fragment):
        open_source(tmp_path / path, ExportOptions())
