"""The table of refusals in docs/your-model.md: each line is what `edgeword export` says, and the only thing it says."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as k

from edgeword.cli.main import main
from edgeword.tokenizers.tokenizer import Tokenizer
from tests import tiny
from tests.export.test_keras_files import lfs_pointer, saved_model, unknown_function, weights_only
from tests.tiny import VOCABULARY as V

DOCUMENT = Path(__file__).parents[2] / "docs" / "your-model.md"
ROW = re.compile(r"^\| `(.*)` \| .* \|$", re.M)


def messages():
    """The first column of the table, row by row."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return ROW.findall(text.partition("| message (after `edgeword: `)")[2].partition("\n\n")[0])


def pattern(message):
    """Its numbers are others each time; `…` stands for what a library says."""
    parts = (re.sub(r"\d+", r"\\d+", re.escape(part)) for part in message.split("…"))
    return re.compile(".*".join(parts).replace(r"_\d+'", r"(_\d+)?'"))


def sequential(*layers, shape=(12,), dtype="int32"):
    return keras.Sequential([keras.Input(shape, dtype=dtype), *layers])


def saved(model, name="model.keras"):
    """Save a model here, and name it."""
    model.save(name)
    return [name]


def answered(text, prompt="the cell"):
    Path("says.txt").write_text(f"{prompt}\t{text}\n", encoding="utf-8")
    return [*saved(tiny.lstm()), "--says", "says.txt"]


def without_tab():
    argv = answered("x")
    Path("says.txt").write_text("the cell reads\n", encoding="utf-8")
    return argv


def pickled(value):
    Path("tok.pkl").write_bytes(pickle.dumps(value))
    return [*saved(tiny.lstm()), "--tokenizer", "tok.pkl"]


def without_tokenizer():
    return [*saved(tiny.lstm()), "--tokenizer", ""]


def other_tokenizer():
    larger = Tokenizer.fit([*tiny.LINES, "words that the model never saw"])
    Path("words.json").write_text(larger.to_json(), encoding="utf-8")
    return saved(tiny.lstm())


def two_inputs():
    a, b = keras.Input((12,), dtype="int32"), keras.Input((12,), dtype="int32")
    table = k.Embedding(V, 4)
    return saved(keras.Model([a, b], k.Dense(V)(k.LSTM(4)(table(a) + table(b)))))


def two_outputs():
    ids = keras.Input((12,), dtype="int32")
    hidden = k.LSTM(4)(k.Embedding(V, 4)(ids))
    return saved(keras.Model(ids, [k.Dense(V, name="a")(hidden), k.Dense(V, name="b")(hidden)]))


def text_of_its_own():
    text = keras.Input((12,), dtype="string")
    return saved(keras.Model(text, k.Dense(V)(k.LSTM(4)(k.Embedding(V, 4)(k.Hashing(V)(text))))))


def nan():
    model = tiny.lstm()
    model.layers[-1].bias.assign(np.full(V, np.nan))
    return saved(model)


def a_lambda():
    return saved(sequential(k.Embedding(V, 4), k.Lambda(lambda x: x, name="shift"), k.LSTM(4), k.Dense(V)), "lam.keras")


class Own(keras.layers.Layer):
    """A layer that no reader knows."""


def own_layer():
    return saved(sequential(k.Embedding(V, 4), Own(), k.LSTM(4), k.Dense(V)), "own.keras")


def missing_class():
    Path("my_layers.py").write_text("", encoding="utf-8")
    return [*saved(tiny.lstm()), "--custom-objects", "my_layers:Missing"]


def truncated():
    saved(tiny.lstm(), "trunc.h5")
    content = Path("trunc.h5").read_bytes()
    Path("trunc.h5").write_bytes(content[: len(content) // 2])
    return ["trunc.h5"]


def flattened():
    return sequential(k.Embedding(V, 4), k.Flatten(), k.Dense(V), shape=(23,))


def bidirectional(length):
    return saved(sequential(k.Embedding(V, 4), k.Bidirectional(k.LSTM(4)), k.Dense(V), shape=(length,)))


def unpadded():
    """Answers of a loop that shows the last three words and pads nothing, of a model of which no step can be made."""
    model = tiny.drawn(keras.models.load_model(bidirectional(None)[0]))
    ids = tiny.TOKENIZER.encode("the cell reads a word and keeps")
    with Path("says.txt").open("w", encoding="utf-8") as file:
        for end in range(1, len(ids) + 1):
            said = int(np.asarray(model(np.array([ids[max(0, end - 3) : end]])))[0].argmax())
            file.write(f"{tiny.TOKENIZER.decode(ids[:end])}\t{tiny.TOKENIZER.word(said)}\n")
    return [*saved(model), "--says", "says.txt"]


def given(make, path):
    make(Path(path))
    return [path]


def files(make):
    Path("whole").mkdir()
    return given(make, "old.h5")


CASES = {
    "comes without its tokenizer": without_tokenizer,
    "the tokenizer has": other_tokenizer,
    "could not read its own words": lambda: saved(sequential(k.Embedding(9, 4), k.LSTM(4), k.Dense(V))),
    "a next-word model answers": lambda: saved(sequential(k.Embedding(V, 4), k.Conv1D(V, 3))),
    "2 inputs and 1 outputs": two_inputs,
    "2 outputs (": two_outputs,
    "no Embedding reads ids from it": lambda: saved(sequential(k.Dense(V), shape=(8,), dtype="float32")),
    "reads ids [B, L]": lambda: saved(sequential(k.LSTM(4), k.Dense(V), shape=(12, 3), dtype="float32")),
    "the model reads text, and not by one": text_of_its_own,
    "answers NaN or infinity": nan,
    "holds code that would run here": a_lambda,
    "it does not know": own_layer,
    "has no attribute": missing_class,
    "save the model again": truncated,
    "cut off or no .keras file": lambda: given(lambda path: path.write_bytes(b"nothing"), "trunc.keras"),
    "leave --window out": lambda: [*saved(flattened()), "--window", "10"],
    "so it needs a window; say": lambda: bidirectional(None),
    "so it needs a window of one length": unpadded,
    "leave --decode out": lambda: [*bidirectional(12), "--decode", "step"],
    "--decode window: the model reads any length": lambda: [*saved(tiny.lstm(None)), "--decode", "window"],
    "holds weights only": lambda: given(weights_only, "model.h5"),
    "is a Git-LFS pointer": lambda: given(lfs_pointer, "model.h5"),
    "is a SavedModel folder": lambda: given(saved_model, "saved"),
    "calls the TensorFlow function": lambda: files(unknown_function),
    "there is no file": lambda: ["nothing.keras"],
    "which no tokenizer of Keras needs": lambda: pickled(Path("x")),
    "holds several vocabularies": lambda: pickled(({"a": 1, "b": 2}, {"c": 1, "d": 2})),
    "no convention gives your answers": lambda: answered("the the begins begins"),
    "which is no word of the tokenizer": lambda: answered("the zebra"),
    "no answer holds a word": lambda: answered(""),
    "no tab stands between": without_tab,
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a tokenizer in it."""
    monkeypatch.chdir(tmp_path)
    Path("words.json").write_text(tiny.TOKENIZER.to_json(), encoding="utf-8")


def test_each_line_of_the_table_is_a_case_and_each_case_a_line():
    lines = messages()
    assert [sum(key in line for line in lines) for key in CASES] == [1] * len(CASES)
    assert len(lines) == len(CASES)


@pytest.mark.parametrize("key", CASES)
def test_a_refusal_is_the_line_of_the_table(key, capsys):
    expected = next(message for message in messages() if key in message)
    argv = CASES[key]()
    if "--tokenizer" not in argv:
        argv += ["--tokenizer", "words.json"]
    argv = [word for place, word in enumerate(argv) if word and argv[place : place + 2] != ["--tokenizer", ""]]
    capsys.readouterr()
    assert main(["export", *argv, "--out", "bundle", "--formats", "onnx"]) == 2
    printed = capsys.readouterr()
    last = printed.err.splitlines()[-1].removeprefix("edgeword: ")
    assert pattern(expected).fullmatch(last), last
    assert "Traceback" not in printed.err
    assert "\x1b" not in printed.err + printed.out
    assert not Path("bundle").exists()
