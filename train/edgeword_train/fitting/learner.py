"""A model in training: one step of the optimizer, and what it is worth on a text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from edgeword_train.errors import DivergedError
from edgeword_train.fitting.cross_entropy import cross_entropy, fastest_dtype
from edgeword_train.fitting.optimizer import AdamW
from edgeword_train.fitting.streams import Chunk, Streams
from edgeword_train.models.architecture import Architecture
from edgeword_train.models.left_out import DroppedWeights, LeftOut
from edgeword_train.models.streaming import States, StreamingModel

WEIGHT_DECAY = 0.0
SHOWN = 3
LARGEST_LOSS = 700.0  # the exponential of more is no float


Tensors = tuple[Any, Any, Any, Any]


@dataclass(frozen=True)
class Measured:
    """What a model is worth on a text, without dropout, over the targets that count."""

    perplexity: float
    top1: float
    """Share of the targets that were the most probable token, 0 to 1."""
    top3: float


class Learner:
    """A model of `architecture` with its optimizer, that reads B streams in chunks of T tokens."""

    def __init__(self, architecture: Architecture, weight_drop: float = 0.0, embedding_dropout: float = 0.0) -> None:
        self.model, self.architecture = architecture.model, architecture
        self._body = StreamingModel(architecture)
        self._optimizer = AdamW(self.model.trainable_variables, WEIGHT_DECAY)
        self._left_out, self._embedding_dropout = LeftOut(), embedding_dropout
        kernels = [cell.recurrent_kernel for cell in self._body.cells]
        self._dropped = DroppedWeights(kernels, weight_drop, self._left_out)
        self._dtype = fastest_dtype()
        self._train = tf.function(self._train_chunk, reduce_retracing=True)
        self._measure = tf.function(self._measure_chunk, reduce_retracing=True)

    @property
    def variables(self) -> list[Any]:
        """Everything that an interrupted training needs back: the weights and the optimizer's state."""
        return [*self.model.trainable_variables, *self._optimizer.variables]

    def start(self, rows: int) -> States:
        """The state at the beginning of an epoch."""
        return self._body.start(rows)

    def train_chunk(self, chunk: Chunk, states: States, rate: float) -> tuple[float, States]:
        """The summed loss of a chunk, on whose mean the weights took one step, and the state behind it."""
        total, states = self._train(_tensors(chunk), states, tf.constant(rate, tf.float32))
        return float(total), states

    def measure(self, streams: Streams) -> Measured:
        """Read the texts, each from its beginning."""
        states, sums = self.start(streams.rows), np.zeros(3)
        for chunk in streams.chunks():
            found, states = self._measure(_tensors(chunk), states)
            sums += found.numpy()
        loss, first, shown = sums / streams.words
        return Measured(perplexity(loss), float(first), float(shown))

    def reseed(self, seed: int, epoch: int) -> None:
        """Make the dropout of an epoch depend on nothing but the seed and the epoch."""
        states = [item for item in self.model.variables if item.name == "seed_generator_state"]
        drawn = np.random.default_rng((seed, epoch, 1)).integers(2**31, size=len(states))
        for state, value in zip(states, drawn, strict=True):
            state.assign([value, 0])
        self._left_out.reseed(np.random.default_rng((seed, epoch, 2)))

    def _train_chunk(self, chunk: Tensors, states: States, rate: Any) -> tuple[Any, States]:
        inputs, targets, known, going_on = chunk
        weights = [weight.value for weight in self.model.trainable_variables]
        self._dropped.drop()
        with tf.GradientTape() as tape:
            hidden, after = self._body(inputs, going_on, states, training=True, words=self._words())
            wanted = tf.boolean_mask(targets, known)
            total = cross_entropy(tf.boolean_mask(hidden, known), *self._head(), wanted, self._dtype)
            mean = total / tf.cast(tf.maximum(tf.size(wanted), 1), tf.float32)
        self._optimizer.apply(self._dropped.restore(tape.gradient(mean, weights), weights), rate)
        return total, after

    def _words(self) -> Any:
        """By what each word's row of the embedding is multiplied, `[V, 1]`; None leaves them as they are."""
        if not self._embedding_dropout:
            return None
        return self._left_out.mask((self.architecture.table.input_dim, 1), self._embedding_dropout)

    def _measure_chunk(self, chunk: Tensors, states: States) -> tuple[Any, States]:
        """Sums over the targets that count: loss in nats, the most probable, among the three most probable."""
        inputs, targets, known, going_on = chunk
        hidden, after = self._body(inputs, going_on, states, training=False)
        hidden, wanted = tf.boolean_mask(hidden, known), tf.boolean_mask(targets, known)
        kernel, bias = self._head()
        logits = tf.matmul(hidden, kernel, transpose_b=True) + bias
        own = tf.gather(logits, wanted, axis=1, batch_dims=1)
        rank = tf.reduce_sum(tf.cast(logits > own[:, None], tf.int32), axis=1)
        loss = tf.reduce_sum(tf.reduce_logsumexp(logits, axis=1) - own)
        return tf.stack([loss, *(tf.reduce_sum(tf.cast(rank < top, tf.float32)) for top in (1, SHOWN))]), after

    def _head(self) -> tuple[Any, Any]:
        """Its kernel `[V, U]` and its bias `[V]`."""
        head = self.architecture.head
        if self.architecture.is_tied:
            return head.embeddings.value, tf.zeros(head.input_dim)
        return tf.transpose(head.kernel.value), head.bias.value


def _tensors(chunk: Chunk) -> Tensors:
    return chunk.inputs, chunk.targets, chunk.known, chunk.going_on


def perplexity(loss: float) -> float:
    """Perplexity of a mean loss in nats; DivergedError where it is not a number."""
    if not math.isfinite(loss):
        raise DivergedError("the loss is no longer a number; give fewer --layers or --units, or another --seed")
    return math.exp(min(loss, LARGEST_LOSS))
