"""The last softmax is left out of the graphs, wherever it stands, and only where it is nothing but the last."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as k
from keras import ops

from edgeword_export.graphs.answer import Answer
from edgeword_export.graphs.substitution import substituted
from edgeword_export.source.keras_model import inspect_model
from tests.tiny import VOCABULARY, WINDOW, drawn

U = 8


def head():
    return keras.Sequential([keras.Input((U,)), k.Dense(VOCABULARY), k.Softmax()])


def each(x):
    return k.TimeDistributed(k.Dense(VOCABULARY, activation="softmax"))(x)


def twice(x):
    """A layer that answers, and was asked before."""
    project = k.Dense(VOCABULARY, activation="softmax")
    return project(k.Dense(U)(project(x)))


LEFT_OUT = {
    "in a Dense": lambda x: k.Dense(VOCABULARY, activation="softmax")(x[:, -1]),
    "in an Activation": lambda x: k.Activation("softmax")(k.Dense(VOCABULARY)(x[:, -1])),
    "an operation": lambda x: ops.softmax(k.Dense(VOCABULARY)(x[:, -1])),
    "in a model within the model": lambda x: head()(x[:, -1]),
    "for each position": each,
}
KEPT = {
    "before something else": lambda x: 0.5 * k.Dense(VOCABULARY, activation="softmax")(x[:, -1]) + 0.5 / VOCABULARY,
    "in a layer that is called twice": lambda x: twice(x[:, -1]),
}


@pytest.mark.parametrize("build", [*LEFT_OUT.values(), *KEPT.values()], ids=[*LEFT_OUT, *KEPT])
def test_an_answer_becomes_logits(build):
    ids = keras.Input((WINDOW,), dtype="int32")
    model = drawn(keras.Model(ids, build(k.Embedding(VOCABULARY, U)(ids))))
    answer = Answer(inspect_model(model))
    assert bool(answer.substitutes) == (build in LEFT_OUT.values())
    window = np.arange(WINDOW)[None] % VOCABULARY
    with substituted(answer.substitutes):
        answered = model(window)
    logits = answer.logits(answered[:, -1] if len(answered.shape) == 3 else answered)
    expected = model(window).numpy().reshape(-1, VOCABULARY)[-1:]
    np.testing.assert_allclose(ops.softmax(logits), expected, atol=1e-6)
