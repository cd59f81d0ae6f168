"""The dropout, the batches and the loss of a training step."""

from __future__ import annotations

import numpy as np
import pytest

from edgeword import EdgewordError
from edgeword_train.data.windows import cut_windows
from edgeword_train.errors import DivergedError
from edgeword_train.fitting.learner import Learner, batches, perplexity
from edgeword_train.models.architecture import build
from edgeword_train.options import TrainingOptions


@pytest.mark.parametrize("cell", ["lstm", "cifg-lstm"])
def test_dropout_depends_on_the_seed_and_the_epoch_alone(cell: str) -> None:
    options = TrainingOptions(cell=cell, units=4, embedding=3, dropout=0.5, recurrent_dropout=0.5)
    learner = Learner(build(options, 9), 1e-3)

    def dropped(seed: int, epoch: int) -> bytes:
        learner.reseed(seed, epoch)
        return np.asarray(learner.model(np.array([[3, 4, 5, 6]], np.int32), training=True)).tobytes()

    first = dropped(1, 1)
    assert dropped(1, 2) != first
    assert dropped(2, 1) != first
    assert dropped(1, 1) == first


def test_what_is_saved_are_the_weights_and_the_optimizer_s_state() -> None:
    learner = Learner(build(TrainingOptions(units=4, embedding=3), 9), 1e-3)
    weights = len(learner.model.trainable_variables)
    assert len(learner.variables) > 3 * weights - 1  # two moments a weight in Adam
    assert learner.variables[:weights] == learner.model.trainable_variables


def test_batches_keep_the_order_of_the_windows() -> None:
    windows = cut_windows([[2, 3, 4], [5, 6, 7], [8, 9, 10]], 2, 1)
    found = list(batches(windows, 2))
    assert [len(inputs) for inputs, _, _ in found] == [2, 1]
    np.testing.assert_array_equal(np.concatenate([inputs for inputs, _, _ in found]), windows.inputs)


def test_a_loss_that_is_no_number_is_an_error() -> None:
    assert perplexity(0) == 1
    assert perplexity(np.log(50)) == pytest.approx(50)
    assert perplexity(1e9) < float("inf")
    with pytest.raises(DivergedError, match="no longer a number"):
        perplexity(float("nan"))
    assert issubclass(DivergedError, EdgewordError)
