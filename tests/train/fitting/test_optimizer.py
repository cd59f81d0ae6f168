"""The optimizer's step against Keras', and the learning rate over a training."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from edgeword_train.fitting.optimizer import LARGEST_NORM, AdamW, learning_rate


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_a_step_is_that_of_keras(decay):
    random = np.random.default_rng(0)
    values = [random.normal(size=(3, 2)).astype("float32"), random.normal(size=(2, 2)).astype("float32")]
    ours, theirs = ([keras.Variable(value) for value in values] for _ in range(2))
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=decay, global_clipnorm=LARGEST_NORM)
    own = AdamW(ours, decay)
    for size in (0.1, 5.0, 0.5):
        gradients = [tf.constant(random.normal(0, size, value.shape), tf.float32) for value in values]
        own.apply(gradients, tf.constant(0.1))
        optimizer.apply(gradients, theirs)
    for found, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-5)


def test_the_learning_rate_rises_and_then_falls_to_nothing():
    rates = [learning_rate(2.0, step, 100) for step in range(101)]
    peak = rates.index(max(rates))
    assert rates[peak] == pytest.approx(2.0)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak + 1 :] == sorted(rates[peak + 1 :], reverse=True)
    assert (rates[0] > 0, rates[100]) == (True, pytest.approx(0))
    assert learning_rate(1.0, 0, 1) == 1.0
