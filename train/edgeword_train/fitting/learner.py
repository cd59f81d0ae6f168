"""A model in training: one step of the optimizer, and the loss of a batch."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edgeword_train.data.windows import Windows
from edgeword_train.errors import DivergedError
from edgeword_train.models.architecture import Architecture

CLIPNORM = 1.0
MEASURED_BATCH = 32
LARGEST_LOSS = 700.0  # the exponential of more is no float

_BATCH = [
    tf.TensorSpec([None, None], tf.int32),
    tf.TensorSpec([None, None], tf.int32),
    tf.TensorSpec([None, None], tf.bool),
]


class Learner:
    """A model of `architecture` with its optimizer."""

    def __init__(self, architecture: Architecture, learning_rate: float) -> None:
        self.model = architecture.model
        self._body, self._head = architecture.body, architecture.head
        self._optimizer = keras.optimizers.Adam(learning_rate, clipnorm=CLIPNORM)
        self._optimizer.build(self.model.trainable_variables)
        self.train_batch = tf.function(self._train_batch, input_signature=_BATCH)
        self._measure_batch = tf.function(self._batch_loss, input_signature=_BATCH)

    @property
    def variables(self) -> list[keras.Variable]:
        """Everything that an interrupted training needs back: the weights and the optimizer's state."""
        return [*self.model.trainable_variables, *self._optimizer.variables]

    def perplexity(self, windows: Windows) -> float:
        """Perplexity over the targets that count, without dropout."""
        losses = [float(self._measure_batch(*arrays)) for arrays in batches(windows, MEASURED_BATCH)]
        return perplexity(sum(losses) / windows.words)

    def reseed(self, seed: int, epoch: int) -> None:
        """Make the dropout of an epoch depend on nothing but the seed and the epoch."""
        states = [item for item in self.model.variables if item.name == "seed_generator_state"]
        drawn = np.random.default_rng((seed, epoch, 1)).integers(2**31, size=len(states))
        for state, value in zip(states, drawn, strict=True):
            state.assign([value, 0])

    def _train_batch(self, inputs: Any, targets: Any, known: Any) -> Any:
        """The summed loss of a batch, on whose mean the weights took one step."""
        with tf.GradientTape() as tape:
            total = self._batch_loss(inputs, targets, known, training=True)
            mean = total / tf.reduce_sum(tf.cast(known, total.dtype))
        weights = self.model.trainable_variables
        self._optimizer.apply(tape.gradient(mean, weights), weights)
        return total

    def _batch_loss(self, inputs: Any, targets: Any, known: Any, training: bool = False) -> Any:
        """Cross-entropy in nats, summed over the targets that count.

        Only for these the vocabulary projection is computed, which is most of the arithmetic.
        """
        hidden = tf.boolean_mask(self._body(inputs, training=training), known)
        logits = self._head(hidden)
        wanted = tf.boolean_mask(targets, known)
        return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, logits))


def batches(windows: Windows, size: int) -> tf.data.Dataset:
    """The windows in their order, `size` at a time, as (inputs, targets, known)."""
    arrays = (windows.inputs, windows.targets, windows.known)
    return tf.data.Dataset.from_tensor_slices(arrays).batch(size).prefetch(2)


def perplexity(loss: float) -> float:
    """Perplexity of a mean loss in nats; DivergedError where it is not a number."""
    if not math.isfinite(loss):
        raise DivergedError("the loss is no longer a number; give fewer --layers or --units, or another --seed")
    return math.exp(min(loss, LARGEST_LOSS))
