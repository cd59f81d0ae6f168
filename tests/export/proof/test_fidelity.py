"""How a decoder is compared with the Keras model: a model of five words that says each after the one before it."""

from __future__ import annotations

import numpy as np
import pytest

from edgeword.bundle.spec import Window
from edgeword.padding import Padding
from edgeword.probabilities import log_softmax
from edgeword_export.proof.fidelity import Yardstick
from edgeword_export.proof.gates import gate_failure
from edgeword_export.source.evaluation import Evaluation

V = 5


def logits(token, sharpness):
    return np.eye(V, dtype=np.float32)[(token + 1) % V] * sharpness


class Reference:
    """As Keras answers: the logarithm of a softmax in float32, which ends at 1e-37."""

    def __init__(self, sharpness, reads="end"):
        self.sharpness = sharpness
        self.window = Window(4, Padding("post"), False, reads=reads)

    def logprobs(self, ids):
        probabilities = np.exp(log_softmax(np.stack([logits(token, self.sharpness) for token in ids])))
        return np.log(np.maximum(probabilities, np.float32(1e-37)))


class Decoder:
    def __init__(self, sharpness):
        self.sharpness = sharpness

    def begin(self, ids=()):
        self.token = ids[-1]

    def advance(self, token):
        self.token = token

    def logits(self):
        return logits(self.token, self.sharpness)

    def greedy(self):
        row = log_softmax(self.logits())
        return int(row.argmax()), float(row.max())


def measured(keras, engine):
    yardstick = Yardstick(Reference(keras), Evaluation("", ((0, 1, 2, 4, 0), (1, 2, 3, 3))), None)
    return yardstick.measure(lambda: Decoder(engine))


def test_what_a_softmax_rounds_to_nothing_is_no_difference():
    """The logits of a sharp model know how unlikely a word is; the perplexity of both is the same all the same."""
    fidelity = measured(200.0, 200.0)
    assert fidelity.perplexity_increase == pytest.approx(0, abs=1e-3)
    assert gate_failure("float32", fidelity) is None


def test_a_model_that_is_surer_of_the_same_words_is_another_model():
    fidelity = measured(3.0, 3.01)
    assert fidelity.same_greedy_words
    assert fidelity.max_logprob_difference == pytest.approx(0.01, rel=0.2)
    assert "off by" in gate_failure("float32", fidelity)


@pytest.mark.parametrize(("reads", "words"), [("end", [3, 4, 0, 1]), ("text", [3, 4, 0])])
def test_words_are_compared_as_far_as_a_text_can_be_told_from_its_padding(reads, words):
    yardstick = Yardstick(Reference(9.0, reads), Evaluation("", ((0, 1),)), None)
    assert [token for token, _ in yardstick._greedy(Decoder(9.0), (2,))][:4] == words
