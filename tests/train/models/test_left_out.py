"""What is left out while a chunk is learnt moves no weight, is whole again afterwards, and is drawn by the seed."""

from __future__ import annotations

import numpy as np

from edgeword_train.data.token_lines import token_lines
from edgeword_train.fitting.learner import Learner
from edgeword_train.fitting.streams import streams_of
from edgeword_train.models.architecture import build
from edgeword_train.options import TrainingOptions

VOCABULARY = 40
CHUNK = next(streams_of(token_lines([list(range(2, VOCABULARY))], VOCABULARY), 1, VOCABULARY, 1).chunks())


def learner(cell: str = "lstm", **left_out: float) -> Learner:
    return Learner(build(TrainingOptions(cell=cell, units=8, embedding=8, dropout=0), VOCABULARY), **left_out)


def moved(given: Learner, seed: int, rate: float) -> tuple[float, list[np.ndarray]]:
    """The loss of one step, and by how much each weight moved."""
    given.reseed(seed, 1)
    before = [weight.numpy() for weight in given.model.trainable_variables]
    loss, _ = given.train_chunk(CHUNK, given.start(1), rate)
    return loss, [weight.numpy() - old for weight, old in zip(given.model.trainable_variables, before, strict=True)]


def test_a_recurrent_weight_that_is_left_out_does_not_move() -> None:
    model = learner("cifg-lstm", weight_drop=0.5)
    _, (_, kernel, recurrent, *_) = moved(model, 1, 0.01)
    assert 0.35 < np.mean(recurrent == 0) < 0.65
    assert np.mean(kernel == 0) < 0.1


def test_a_word_that_is_left_out_is_not_read() -> None:
    _, (table, *_) = moved(learner(embedding_dropout=0.5), 1, 0.01)
    still = (table == 0).all(axis=1)[2 : VOCABULARY - 1]
    assert 0.2 < np.mean(still) < 0.8


def test_what_is_left_out_comes_back_and_depends_on_the_seed_alone() -> None:
    model, whole = learner(weight_drop=0.5, embedding_dropout=0.5), learner()
    for variable, value in zip(whole.variables, model.variables, strict=True):
        variable.assign(value)
    (first, still), (other, _), (again, _) = (moved(model, seed, 0.0) for seed in (1, 2, 1))
    assert all((weight == 0).all() for weight in still)
    assert first == again
    assert len({first, other, moved(whole, 1, 0.0)[0]}) == 3
