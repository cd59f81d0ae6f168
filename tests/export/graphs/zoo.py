"""The models that edgeword must take: a row each, with the graph that it is expected to become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers as k
from keras import ops

from edgeword_train.models.cells import CIFGLSTMCell, PeepholeLSTMCell
from edgeword_train.models.projections import ProjectedLSTMCell
from tests.tiny import VOCABULARY, WINDOW, drawn, model

U = 32


@keras.saving.register_keras_serializable("tests")
class LeakyCell(keras.layers.Layer):
    """A cell as a user might write it: one state, which is no list, and a learned start."""

    def __init__(self, units: int, **options: object) -> None:
        super().__init__(**options)
        self.units = units
        self.state_size = units
        self.output_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")
        self.leak = self.add_weight(shape=(self.units,), name="leak")
        self.start = self.add_weight(shape=(self.units,), name="start")

    def call(self, inputs, states, training=False):
        state = states[0] if isinstance(states, (list, tuple)) else states
        new = keras.ops.tanh(inputs @ self.kernel + state @ self.recurrent_kernel)
        keep = keras.ops.sigmoid(self.leak)
        state = keep * state + (1 - keep) * new
        return state, [state]

    def get_initial_state(self, batch_size=None):
        return [keras.ops.tile(self.start[None], (batch_size, 1))]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def embedding(mask_zero: bool = True) -> k.Layer:
    return k.Embedding(VOCABULARY, 24, mask_zero=mask_zero)


def softmax() -> k.Layer:
    return k.Dense(VOCABULARY, activation="softmax")


def stack(*between: k.Layer, mask_zero: bool = True, length: int | None = WINDOW) -> keras.Model:
    return model([embedding(mask_zero), *between, softmax()], length)


def residual() -> keras.Model:
    ids = keras.Input((WINDOW,), dtype="int32")
    x = k.Embedding(VOCABULARY, U, mask_zero=True)(ids)
    y = k.LSTM(U, return_sequences=True)(x)
    x = k.LayerNormalization()(k.Add()([x, y]))
    z = k.GRU(U, return_sequences=True)(x)
    x = k.Concatenate()([x, z])
    return keras.Model(ids, k.Dense(VOCABULARY, activation="softmax")(k.LSTM(U)(x)))


def tied() -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    table = k.ReversibleEmbedding(VOCABULARY, U, mask_zero=True)
    return keras.Model(ids, table(k.LSTM(U, return_sequences=True)(table(ids)), reverse=True))


def returned_state() -> keras.Model:
    ids = keras.Input((WINDOW,), dtype="int32")
    _, h, c = k.LSTM(U, return_state=True)(k.Embedding(VOCABULARY, 24, mask_zero=True)(ids))
    return keras.Model(ids, k.Dense(VOCABULARY, activation="softmax")(k.Concatenate()([h, c])))


def nested() -> keras.Model:
    inner = keras.Sequential([keras.Input((WINDOW, 24)), k.LSTM(U, return_sequences=True), k.Dropout(0.1)])
    return stack(inner, k.GRU(U), mask_zero=False)


def transformer() -> keras.Model:
    ids = keras.Input((WINDOW,), dtype="int32")
    x = k.Embedding(VOCABULARY, U)(ids)
    attended = k.MultiHeadAttention(2, 16)(x, x, use_causal_mask=True)
    x = k.LayerNormalization()(x + attended)
    x = k.LayerNormalization()(x + k.Dense(U)(k.Dense(2 * U, activation="relu")(x)))
    return keras.Model(ids, k.Dense(VOCABULARY, activation="softmax")(x[:, -1]))


def functional(build: Callable[[Any], Any], mask_zero: bool = False, length: int | None = WINDOW) -> keras.Model:
    """A model that is built on its embedded words `[B, L, U]`."""
    keras.utils.set_random_seed(1)
    ids = keras.Input((length,), dtype="int32")
    return drawn(keras.Model(ids, softmax()(build(k.Embedding(VOCABULARY, U, mask_zero=mask_zero)(ids)))))


def called_twice(x: Any) -> Any:
    shared = k.LSTM(U, return_sequences=True)
    return shared(shared(x))[:, -1]


def block_called_twice(x: Any) -> Any:
    block = keras.Sequential([keras.Input((WINDOW, U)), k.GRU(U, return_sequences=True), k.Dense(U, "tanh")])
    return block(block(x))[:, -1]


def operations_between(x: Any) -> Any:
    """`keras.ops` between layers: each value by itself, or along the features."""
    h = k.LSTM(U, return_sequences=True)(x)
    h = ops.where(h > 0, h, 0.1 * h) * ops.sigmoid(k.Dense(U)(x)) - ops.square(x) / 4.0
    h = ops.concatenate([ops.maximum(h, -1.0), ops.mean(x, axis=-1, keepdims=True), ops.softmax(h)], axis=-1)
    h = ops.matmul(h, np.linspace(-1, 1, (2 * U + 1) * U, dtype=np.float32).reshape(2 * U + 1, U) / 8)
    return k.GRU(U)(ops.cast(h, "float32"))


def constant_vector(x: Any) -> Any:
    """Large enough for the converter to make an input of it."""
    return k.LSTM(U)(k.Dense(200)(x) * np.linspace(0, 1, 200, dtype=np.float32))


def reshaped(x: Any) -> Any:
    return k.LSTM(U)(k.Reshape((-1, U))(ops.reshape(x, (-1, WINDOW, U // 4, 4))))


def slopes(x: Any) -> Any:
    return k.GRU(U)(k.PReLU(alpha_initializer="random_normal", shared_axes=[1])(x))


def own_attention(x: Any) -> Any:
    scores = ops.matmul(x, ops.transpose(x, (0, 2, 1))) / float(U) ** 0.5
    return ops.matmul(ops.softmax(scores), x)[:, -1]


def two_positions(x: Any) -> Any:
    return k.Concatenate()([x[:, -1], x[:, -2]])


def encoder_decoder(x: Any) -> Any:
    _, state = k.SimpleRNN(U, return_state=True)(x)
    return k.SimpleRNN(U)(x, initial_state=[state])


def masked_bidirectional(x: Any) -> Any:
    return k.SimpleRNN(U)(k.Bidirectional(k.SimpleRNN(U, return_sequences=True))(x))


def partly_masked(x: Any) -> Any:
    """Operations hand no mask on: one layer is told of padding, the other is not."""
    return k.Concatenate()([k.SimpleRNN(U)(x), k.SimpleRNN(U)(x * 2.0)])


@dataclass(frozen=True)
class Case:
    """A model and the graph it becomes."""

    name: str
    make: Callable[[], keras.Model]
    graph: str
    why: str = ""
    """What the reason for the window graph says."""


STEP: dict[str, Callable[[], keras.Model]] = {
    "simple-rnn": lambda: stack(k.SimpleRNN(U)),
    "gru": lambda: stack(k.GRU(U)),
    "gru-reset-before": lambda: stack(k.GRU(U, reset_after=False)),
    "lstm": lambda: stack(k.LSTM(U)),
    "peephole-lstm": lambda: stack(k.RNN(PeepholeLSTMCell(U))),
    "cifg-lstm": lambda: stack(k.RNN(CIFGLSTMCell(U))),
    "projected-lstm": lambda: stack(k.RNN(ProjectedLSTMCell(U, 16))),
    "deep-lstm": lambda: stack(k.LSTM(U, return_sequences=True), k.Dropout(0.2), k.LSTM(U)),
    "deep-projected-lstm": lambda: stack(
        k.RNN(ProjectedLSTMCell(U, 16), return_sequences=True), k.RNN(ProjectedLSTMCell(U, 16))
    ),
    "three-simple-rnns": lambda: stack(
        k.SimpleRNN(U, return_sequences=True), k.SimpleRNN(U, return_sequences=True), k.SimpleRNN(U)
    ),
    "mixed-layers": lambda: stack(k.GRU(U, return_sequences=True), k.LSTM(U)),
    "stacked-cells": lambda: stack(k.RNN([k.LSTMCell(U), k.GRUCell(U)])),
    "own-cell": lambda: stack(k.RNN(LeakyCell(U))),
    "own-cell-deep": lambda: stack(k.RNN(LeakyCell(U), return_sequences=True), k.RNN(LeakyCell(U))),
    "no-mask": lambda: stack(k.LSTM(U), mask_zero=False),
    "any-length": lambda: stack(k.LSTM(U), length=None),
    "sequences": lambda: stack(k.LSTM(U, return_sequences=True)),
    "sequences-any-length": lambda: stack(k.GRU(U, return_sequences=True), length=None),
    "logits": lambda: model([embedding(), k.LSTM(U), k.Dense(VOCABULARY)]),
    "softmax-layer": lambda: model([embedding(), k.LSTM(U), k.Dense(VOCABULARY), k.Softmax()]),
    "activation-layer": lambda: model([embedding(), k.GRU(U), k.Dense(VOCABULARY), k.Activation("softmax")]),
    "time-distributed": lambda: model(
        [
            embedding(),
            k.LSTM(U, return_sequences=True),
            k.TimeDistributed(k.Dense(VOCABULARY, activation="softmax")),
        ]
    ),
    "recurrent-dropout": lambda: stack(k.LSTM(U, dropout=0.1, recurrent_dropout=0.2)),
    "spatial-dropout": lambda: stack(k.SpatialDropout1D(0.2), k.LSTM(U)),
    "noise": lambda: stack(k.GaussianNoise(0.1), k.GRU(U)),
    "layer-norm": lambda: stack(k.LSTM(U, return_sequences=True), k.LayerNormalization(), k.LSTM(U)),
    "batch-norm": lambda: stack(k.LSTM(U, return_sequences=True), k.BatchNormalization(), k.GRU(U)),
    "dense-before": lambda: stack(k.Dense(U, activation="relu"), k.LSTM(U), k.Dense(U, activation="tanh")),
    "relu-simple-rnn": lambda: stack(k.SimpleRNN(U, activation="relu", use_bias=False)),
    "hard-sigmoid-lstm": lambda: stack(k.LSTM(U, recurrent_activation="hard_sigmoid")),
    "residual": residual,
    "tied-embeddings": tied,
    "returned-state": returned_state,
    "nested-model": nested,
    "called-twice": lambda: functional(called_twice, mask_zero=True),
    "block-called-twice": lambda: functional(block_called_twice),
    "operations-between": lambda: functional(operations_between),
    "constant-vector": lambda: functional(constant_vector, mask_zero=False),
    "reshaped": lambda: functional(reshaped),
    "shared-slopes": lambda: functional(slopes, mask_zero=True),
    "mask-lost": lambda: functional(lambda x: k.GRU(U)(x * 2.0), mask_zero=True),
}

# What reads other positions, each with what names it.
OVER_TIME: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "mean-over-time": (lambda: functional(lambda x: ops.mean(x, axis=1)), "(Mean) works along time"),
    "max-over-time": (lambda: functional(lambda x: ops.max(x, axis=1)), "(Max) works along time"),
    "flipped": (lambda: functional(lambda x: ops.flip(x, axis=1)[:, -1]), "(Flip) works along time"),
    "summed-up": (lambda: functional(lambda x: ops.cumsum(x, axis=1)[:, -1]), "(Cumsum) works along time"),
    "own-attention": (lambda: functional(own_attention), "(Transpose) may read more than one time step"),
    "first-position": (lambda: functional(lambda x: x[:, 0] + x[:, -1]), "(GetItem) reads position 0"),
    "two-positions": (lambda: functional(two_positions), "(GetItem) reads position -2"),
    "position-embedding": (
        lambda: functional(lambda x: k.Dense(U, "tanh")(x + k.Embedding(WINDOW, U)(ops.arange(WINDOW)))[:, -1]),
        "(Add) holds a value for each position",
    ),
    "constant-per-position": (
        lambda: functional(lambda x: k.GRU(U)(x + np.linspace(0, 1, WINDOW * U, dtype=np.float32).reshape(WINDOW, U))),
        "(Add) holds a value for each position",
    ),
    "own-slopes": (
        lambda: functional(lambda x: k.PReLU(alpha_initializer="random_normal")(x)[:, -1]),
        "(PReLU) holds a value for each position",
    ),
    "encoder-decoder": (lambda: functional(encoder_decoder), "begins from a state that another layer computes"),
    "masked-bidirectional": (lambda: functional(masked_bidirectional, mask_zero=True), "(Bidirectional)"),
    "masked-pooling": (
        lambda: functional(lambda x: k.Identity()(k.GlobalAveragePooling1D()(x)), mask_zero=True),
        "(GlobalAveragePooling1D)",
    ),
    "partly-masked": (
        lambda: functional(partly_masked, mask_zero=True),
        "padding is masked for some recurrent layers, and not for all",
    ),
}

WINDOW_ONLY: dict[str, Callable[[], keras.Model]] = {
    "bidirectional": lambda: stack(k.Bidirectional(k.LSTM(U))),
    "bidirectional-masked-gru": lambda: stack(k.Bidirectional(k.GRU(U)), mask_zero=True),
    "go-backwards": lambda: stack(k.LSTM(U, go_backwards=True), mask_zero=False),
    "conv1d": lambda: stack(k.Conv1D(U, 3, padding="causal"), k.GlobalMaxPooling1D(), mask_zero=False),
    "conv1d-lstm": lambda: stack(k.Conv1D(U, 3, padding="causal", activation="relu"), k.LSTM(U), mask_zero=False),
    "pooling": lambda: stack(k.GlobalAveragePooling1D(), k.Dense(U, activation="relu"), mask_zero=False),
    "flatten": lambda: stack(k.Flatten(), k.Dense(U, activation="relu"), mask_zero=False),
    "transformer": transformer,
}

CASES = [
    *(Case(name, make, "step") for name, make in STEP.items()),
    *(Case(name, make, "window") for name, make in WINDOW_ONLY.items()),
    *(Case(name, make, "window", why) for name, (make, why) in OVER_TIME.items()),
]
