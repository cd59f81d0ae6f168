"""The dropout, the batches and the loss of a training step."""

from __future__ import annotations

import numpy as np
import pytest

from edgeword import EdgewordError
from edgeword_train.data.token_lines import token_lines
from edgeword_train.errors import DivergedError
from edgeword_train.fitting.learner import Learner, perplexity
from edgeword_train.fitting.streams import streams_of
from edgeword_train.models.architecture import build
from edgeword_train.options import TrainingOptions


@pytest.mark.parametrize("cell", ["lstm", "cifg-lstm"])
def test_dropout_depends_on_the_seed_and_the_epoch_alone(cell: str) -> None:
    options = TrainingOptions(cell=cell, units=4, embedding=3, dropout=0.5, recurrent_dropout=0.5)
    learner = Learner(build(options, 9))

    def dropped(seed: int, epoch: int) -> bytes:
        learner.reseed(seed, epoch)
        return np.asarray(learner.model(np.array([[3, 4, 5, 6]], np.int32), training=True)).tobytes()

    first = dropped(1, 1)
    assert dropped(1, 2) != first
    assert dropped(2, 1) != first
    assert dropped(1, 1) == first


def test_what_is_saved_are_the_weights_and_the_optimizer_s_state() -> None:
    learner = Learner(build(TrainingOptions(units=4, embedding=3), 9))
    weights = len(learner.model.trainable_variables)
    assert len(learner.variables) == 3 * weights + 1  # two moments a weight in Adam, and the steps
    assert learner.variables[:weights] == learner.model.trainable_variables


def test_what_is_measured_is_what_the_model_says_of_each_text() -> None:
    learner, texts = Learner(build(TrainingOptions(units=4, embedding=3), 9)), [[2, 3, 4, 1, 5], [6, 7, 1], [8, 2, 3]]
    logprobs, ranks = [], []
    for ids in texts:
        logits = np.asarray(learner.model(np.array([ids[:-1]], np.int32)))[0]
        for place, target in enumerate(ids[1:]):
            if target != 1:
                logprobs.append(logits[place, target] - np.log(np.exp(logits[place]).sum()))
                ranks.append(np.count_nonzero(logits[place] > logits[place, target]))
    found = learner.measure(streams_of(token_lines(texts, 9), 1, 3, 2))
    assert found.perplexity == pytest.approx(np.exp(-np.mean(logprobs)), rel=1e-5)
    assert (found.top1, found.top3) == pytest.approx((np.mean(np.array(ranks) < 1), np.mean(np.array(ranks) < 3)))


def test_a_loss_that_is_no_number_is_an_error() -> None:
    assert perplexity(0) == 1
    assert perplexity(np.log(50)) == pytest.approx(50)
    assert perplexity(1e9) < float("inf")
    with pytest.raises(DivergedError, match="no longer a number"):
        perplexity(float("nan"))
    assert issubclass(DivergedError, EdgewordError)
