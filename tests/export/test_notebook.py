"""The model from somebody's notebook: its bundle gives, word for word, what the notebook's own loop gives."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from keras import Sequential, layers
from keras.src.legacy.preprocessing.text import Tokenizer
from keras.utils import pad_sequences

import edgeword
from edgeword_export.exporting import export
from tests.tiny import LINES

PROMPTS = [" ".join(line.split()[: 1 + number % 5]) for number, line in enumerate(LINES * 3)][:20]
WORDS = 30


@functools.cache
def notebook(padding: str, mask_zero: bool):
    """The usual notebook, as it stands: n-gram prefixes of each line, padded, next word as the class."""
    tf.keras.utils.set_random_seed(0)
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(LINES)
    total_words = len(tokenizer.word_index) + 1
    prefixes = []
    for ids in tokenizer.texts_to_sequences(LINES):
        prefixes += [ids[: end + 1] for end in range(1, len(ids))]
    length = max(map(len, prefixes))
    padded = pad_sequences(prefixes, maxlen=length, padding="pre")
    x, y = padded[:, :-1], padded[:, -1]
    x = pad_sequences([ids[ids != 0] for ids in x], maxlen=length - 1, padding=padding)
    model = Sequential(
        [
            layers.Input((length - 1,)),
            layers.Embedding(total_words, 32, mask_zero=mask_zero),
            layers.LSTM(48),
            layers.Dense(total_words, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=40, batch_size=8, verbose=0)
    return model, tokenizer, length - 1


def notebook_words(model, tokenizer, length, padding):
    """All prompts at once through the notebook's loop."""
    texts = tokenizer.texts_to_sequences(PROMPTS)
    counts = [len(ids) for ids in texts]
    for _ in range(WORDS):
        answers = model.predict_on_batch(pad_sequences(texts, maxlen=length, padding=padding))
        texts = [[*ids, int(answer.argmax())] for ids, answer in zip(texts, answers, strict=True)]
    return [ids[count:] for ids, count in zip(texts, counts, strict=True)]


@pytest.mark.parametrize(
    ("padding", "mask_zero", "suffix"),
    [("pre", False, ".keras"), ("pre", False, ".h5"), ("pre", True, ".keras"), ("post", False, ".keras")],
    ids=["unmasked", "unmasked-h5", "masked", "post"],
)
def test_the_bundle_continues_as_the_notebook_does(tmp_path, padding, mask_zero, suffix):
    model, tokenizer, length = notebook(padding, mask_zero)
    model.save(tmp_path / f"model{suffix}")
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
    exported = export(
        tmp_path / f"model{suffix}",
        tmp_path / "bundle",
        tokenizer=tmp_path / "tokenizer.json",
        precisions=["float32"],
        padding=padding,
    )
    assert not exported.failures
    expected = notebook_words(model, tokenizer, length, padding)
    for engine in ("litert", "onnx"):
        lm = edgeword.load(tmp_path / "bundle", engine=engine)
        assert [list(lm.generate(prompt, WORDS).ids) for prompt in PROMPTS] == expected


def test_the_words_are_worth_comparing():
    model, tokenizer, length = notebook("pre", False)
    words = notebook_words(model, tokenizer, length, "pre")
    assert len({tuple(ids) for ids in words}) > 3
    assert len(np.unique(np.concatenate(words))) > 10
