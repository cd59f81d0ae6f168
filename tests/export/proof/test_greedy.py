"""One golden text: 50 greedy words from 20 prompts, from Keras itself and from each engine in each decode mode."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import edgeword
from edgeword.bundle.bundle import Bundle
from tests import tiny

PROMPTS = [" ".join(line.split()[: 1 + number % 6]) for number, line in enumerate(tiny.LINES * 3)][:20]
WORDS = 50


def keras_words(model: keras.Model, window: int | None) -> list[list[int]]:
    """Greedy words of the model itself: all that was said before each, or the padded window of it.

    Padding and the token for unknown words, ids 0 and 1, are never said.
    """
    texts = [tiny.TOKENIZER.encode(prompt) for prompt in PROMPTS]
    starts = [len(ids) for ids in texts]
    whole = tf.function(model, input_signature=[tf.TensorSpec((None, None), tf.int32)])
    for _ in range(WORDS):
        if window:
            answers = model.predict(keras.utils.pad_sequences(texts, maxlen=window), verbose=0)
        else:
            answers = [whole(np.array([ids], np.int32)).numpy()[0] for ids in texts]
        texts = [[*ids, 2 + int(answer[2:].argmax())] for ids, answer in zip(texts, answers, strict=True)]
    return [ids[start:] for ids, start in zip(texts, starts, strict=True)]


@pytest.mark.parametrize("mode", ["step", "replay", "window"])
def test_every_engine_says_the_keras_models_words(mode, request):
    bundle = request.getfixturevalue(f"{mode}_bundle")
    model = keras.models.load_model(bundle.parent / "model.keras")
    expected = keras_words(model, Bundle(bundle).spec.window.length)
    assert len({tuple(words) for words in expected}) > 5
    for engine in ("litert", "onnx"):
        lm = edgeword.load(bundle, engine, "float32")
        assert [list(lm.generate(prompt, WORDS).ids) for prompt in PROMPTS] == expected
