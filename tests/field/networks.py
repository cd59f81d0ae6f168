"""Models as notebooks build them. Weights are drawn, large enough that words differ clearly; none is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import layers, ops

Build = Callable[[int], keras.Model]
"""From the number of ids to a model."""

E, U = 12, 18


def drawn(model: keras.Model, size: int, unsaid: Sequence[int], seed: int) -> keras.Model:
    """Weights of a model that has learnt something, and that was never shown `unsaid` as the next word."""
    random = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        if weight.shape == (size,):
            bias = random.normal(0, 0.5, size)
            bias[list(unsaid)] = -30
            weight.assign(bias)
            continue
        gain = 4.0 if weight.shape[-1] == size else 1.2
        fan_in = 1 if "embedding" in weight.path else weight.shape[0]
        weight.assign(random.normal(0, gain / np.sqrt(fan_in), weight.shape))
    return model


def sequential(*middle: Callable[[], layers.Layer], length: int | None, mask: bool = False, **dense: object) -> Build:
    """`Sequential([Embedding, …, Dense(softmax)])`."""

    def build(size: int) -> keras.Model:
        first = layers.Embedding(size, E, mask_zero=mask)
        last = layers.Dense(size, **{"activation": "softmax", **dense})
        return keras.Sequential([keras.Input((length,)), first, *(make() for make in middle), last])

    return build


def lstm(length: int | None, *, mask: bool = False, sequences: bool = False) -> Build:
    """The model of the notebooks."""
    return sequential(lambda: layers.LSTM(U, return_sequences=sequences), length=length, mask=mask)


def functional(
    middle: Callable[[keras.KerasTensor], keras.KerasTensor], length: int | None, mask: bool = False
) -> Build:
    """`Model(inputs, Dense(softmax)(…))`."""

    def build(size: int) -> keras.Model:
        ids = keras.Input((length,))
        features = middle(layers.Embedding(size, E, mask_zero=mask)(ids))
        return keras.Model(ids, layers.Dense(size, activation="softmax")(features))

    return build


def listed(length: int) -> Build:
    """`Model(inputs=[i], outputs=[o])`."""

    def build(size: int) -> keras.Model:
        ids = keras.Input((length,))
        features = layers.LSTM(U)(layers.Embedding(size, E)(ids))
        return keras.Model(inputs=[ids], outputs=[layers.Dense(size, activation="softmax")(features)])

    return build


def named(length: int) -> Build:
    """A dict of inputs."""

    def build(size: int) -> keras.Model:
        ids = keras.Input((length,), name="tokens")
        features = layers.GRU(U)(layers.Embedding(size, E)(ids))
        return keras.Model({"tokens": ids}, layers.Dense(size, activation="softmax")(features))

    return build


def with_state(size: int) -> keras.Model:
    """The tutorials' GRU, whose state is an output too."""
    ids = keras.Input((None,))
    x, state = layers.GRU(U, return_sequences=True, return_state=True)(layers.Embedding(size, E)(ids))
    return keras.Model(ids, [layers.Dense(size)(x), state])


def with_attention_shown(length: int) -> Build:
    """Words, and the attention that the notebook plots."""

    def build(size: int) -> keras.Model:
        ids = keras.Input((length,))
        h = layers.LSTM(U, return_sequences=True)(layers.Embedding(size, E)(ids))
        scores = layers.Softmax(axis=1)(layers.Dense(1, activation="tanh")(h))
        context = ops.sum(h * scores, axis=1)
        return keras.Model(ids, [layers.Dense(size, activation="softmax")(context), scores])

    return build


def stateful(batch_length: int | None, cell: str = "GRU", sequences: bool = True) -> Build:
    """`stateful=True` and a batch of one, as models for inference are built anew."""

    def build(size: int) -> keras.Model:
        return keras.Sequential(
            [
                keras.Input(batch_shape=(1, batch_length)),
                layers.Embedding(size, E),
                getattr(layers, cell)(U, return_sequences=sequences, stateful=True),
                layers.Dense(size),
            ]
        )

    return build


def nested(length: int) -> Build:
    """A Sequential inside a Sequential."""

    def build(size: int) -> keras.Model:
        encoder = keras.Sequential([keras.Input((length,)), layers.Embedding(size, E), layers.LSTM(U)])
        return keras.Sequential([keras.Input((length,)), encoder, layers.Dense(size, activation="softmax")])

    return build


def twice(length: int) -> Build:
    """One LSTM layer, called on what it said itself."""

    def build(size: int) -> keras.Model:
        ids = keras.Input((length,))
        shared = layers.LSTM(E, return_sequences=True)
        h = shared(shared(layers.Embedding(size, E)(ids)))
        return keras.Model(ids, layers.Dense(size, activation="softmax")(layers.LSTM(U)(h)))

    return build


def mixed(length: int, policy: str) -> Build:
    """Built under a policy of mixed precision, the softmax in float32."""

    def build(size: int) -> keras.Model:
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            return (
                lstm(length)(size)
                if policy == "float16"
                else sequential(lambda: layers.LSTM(U), length=length, dtype="float32")(size)
            )
        finally:
            keras.config.set_dtype_policy(before)

    return build


def transformer(length: int) -> Build:
    """A small GPT: positions, causal attention, an answer at every position."""

    def build(size: int) -> keras.Model:
        ids = keras.Input((length,), dtype="int32")
        x = layers.Embedding(size, E)(ids) + layers.Embedding(length, E)(ops.arange(length))
        a = layers.MultiHeadAttention(2, 6)(x, x, use_causal_mask=True)
        x = layers.LayerNormalization()(x + a)
        f = layers.Dense(E)(layers.Dense(2 * E, activation="relu")(x))
        return keras.Model(ids, layers.Dense(size)(layers.LayerNormalization()(x + f)))

    return build


def attended(x: keras.KerasTensor) -> keras.KerasTensor:
    """Attention of Keras over an LSTM, then pooled."""
    h = layers.LSTM(U, return_sequences=True)(x)
    return layers.GlobalAveragePooling1D()(layers.Attention()([h, h]))


def self_attended(x: keras.KerasTensor) -> keras.KerasTensor:
    """Heads without positions, pooled."""
    return layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 6)(x, x))


def residual(x: keras.KerasTensor) -> keras.KerasTensor:
    """Layers beside each other, added, normalized, and the last position cut out by hand."""
    h = layers.GRU(E, return_sequences=True)(x)
    return layers.LayerNormalization()(layers.Add()([x, h]))[:, -1, :]


def operated(x: keras.KerasTensor) -> keras.KerasTensor:
    """`keras.ops` between layers."""
    h = layers.LSTM(U)(ops.tanh(x) * 1.5)
    return ops.concatenate([h, ops.relu(h)], axis=-1)


def meaned(x: keras.KerasTensor) -> keras.KerasTensor:
    """`ops.mean` over time, beside the last state."""
    h = layers.LSTM(U, return_sequences=True)(x)
    return ops.concatenate([ops.mean(h, axis=1), h[:, -1]], axis=-1)


def both_branches(x: keras.KerasTensor) -> keras.KerasTensor:
    """An LSTM and a convolution side by side."""
    c = layers.GlobalMaxPooling1D()(layers.Conv1D(8, 3, padding="same", activation="relu")(x))
    return layers.Concatenate()([layers.LSTM(U)(x), c])


def rows(*middle: Callable[[], layers.Layer], length: int | None, width: int | None = None) -> Build:
    """Characters as floats: one-hot rows, or one number each."""

    def build(size: int) -> keras.Model:
        last = layers.Dense(size, activation="softmax")
        return keras.Sequential([keras.Input((length, width or size)), *(make() for make in middle), last])

    return build
