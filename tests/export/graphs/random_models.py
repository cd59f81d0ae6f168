"""Random Functional models: layers, operations between them, reuse, masks, positions; small, and deterministic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from hypothesis import strategies as st
from keras import layers as k
from keras import ops

from tests.tiny import VOCABULARY, drawn

LENGTH = 6
U = 8

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass
class Growing:
    """A model on the way: its tensors `[B, L, U]`, and the layers that may be called once more."""

    draw: Draw
    fixed: bool
    tensors: list[Any]
    shared: list[Callable[[Any], Any]]

    def any(self) -> Any:
        """One of the tensors, the newest most often."""
        return self.tensors[-self.draw(st.sampled_from((1, 1, 1, 2, 3))) % len(self.tensors)]

    def called(self, layer: Callable[[Any], Any]) -> Any:
        """A new layer on a tensor."""
        self.shared.append(layer)
        return layer(self.any())


def recurrent(growing: Growing, **options: Any) -> k.Layer:
    kind = growing.draw(st.sampled_from((k.SimpleRNN, k.GRU, k.LSTM)))
    return kind(U, **options)


def sequence(growing: Growing) -> Any:
    return growing.called(recurrent(growing, return_sequences=True))


def block(growing: Growing) -> Any:
    """A model within the model, whose layers are not the outer one's."""
    width = LENGTH if growing.fixed else None
    inner = [recurrent(growing, return_sequences=True), k.Dense(U, activation="tanh")]
    return growing.called(keras.Sequential([keras.Input((width, U)), *inner]))


def again(growing: Growing) -> Any:
    return growing.draw(st.sampled_from(growing.shared))(growing.any()) if growing.shared else sequence(growing)


def one_by_one(growing: Growing) -> Any:
    function = growing.draw(
        st.sampled_from(
            (ops.tanh, ops.sigmoid, ops.relu, ops.square, lambda x: 0.5 * x, lambda x: x + 1.0, ops.softmax)
        )
    )
    return function(growing.any())


def together(growing: Growing) -> Any:
    first, second = growing.any(), growing.any()
    join = growing.draw(
        st.sampled_from(
            (
                ops.add,
                ops.multiply,
                ops.maximum,
                lambda a, b: ops.where(a > b, a, b * 0.1),
                lambda a, b: k.Add()([a, b]),
                lambda a, b: k.Dense(U, activation="tanh")(k.Concatenate()([a, b])),
                lambda a, b: k.Dense(U)(ops.concatenate([a, b], axis=-1)),
            )
        )
    )
    return join(first, second)


def layer(growing: Growing) -> Any:
    made = growing.draw(
        st.sampled_from(
            (
                lambda: k.Dense(U, activation="relu"),
                k.LayerNormalization,
                lambda: k.Dropout(0.3),
                lambda: k.Activation("tanh"),
                k.PReLU,
                lambda: k.PReLU(shared_axes=[1]),
                lambda: k.TimeDistributed(k.Dense(U)),
            )
        )
    )
    needs_length = (k.PReLU, k.TimeDistributed)
    built = made()
    return growing.called(built) if growing.fixed or not isinstance(built, needs_length) else one_by_one(growing)


def constant(growing: Growing) -> Any:
    shape = growing.draw(st.sampled_from(((U,), (1, U), (LENGTH, U), (200,))))
    values = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    if shape == (200,):
        return k.Dense(U)(k.Dense(200)(growing.any()) * ops.convert_to_tensor(values))
    return growing.any() + (values if growing.fixed or shape != (LENGTH, U) else values[0])


def over_time(growing: Growing) -> Any:
    """What no single time step can do."""
    x = growing.any()
    made = growing.draw(
        st.sampled_from(
            (
                lambda: ops.flip(x, axis=1),
                lambda: ops.cumsum(x, axis=1) * 0.2,
                lambda: x - ops.mean(x, axis=1, keepdims=True),
                lambda: x * ops.softmax(x, axis=1),
                lambda: ops.matmul(ops.softmax(ops.matmul(x, ops.transpose(x, (0, 2, 1)))), x),
                lambda: k.Conv1D(U, 2, padding="causal")(x),
                lambda: k.Bidirectional(recurrent(growing, return_sequences=True), merge_mode="sum")(x),
                lambda: x + x[:, :1],
            )
        )
    )
    return made()


def reshaped(growing: Growing) -> Any:
    x = growing.any()
    if not growing.fixed:
        return k.Reshape((-1, U))(k.Reshape((-1, 2, U // 2))(x))
    return ops.reshape(ops.reshape(x, (-1, LENGTH, U // 2, 2)), (-1, LENGTH, U))


PARTS = (sequence, sequence, sequence, again, again, block, one_by_one, together, layer, constant, reshaped, over_time)

ENDS: dict[str, Callable[[Growing, Any], Any]] = {
    "each": lambda _growing, x: x,
    "last": lambda _growing, x: x[:, -1],
    "recurrent": lambda growing, x: recurrent(growing)(x),
    "states": lambda _growing, x: ops.concatenate(k.LSTM(U, return_state=True)(x)[1:], axis=-1),
    "pooled": lambda _growing, x: k.GlobalAveragePooling1D()(x),
    "two": lambda _growing, x: k.Concatenate()([x[:, -1], x[:, -2]]),
    "first": lambda _growing, x: x[:, 0] + x[:, -1],
}


@dataclass(frozen=True)
class RandomModel:
    """A model and how it is shown a text."""

    model: keras.Model
    length: int | None
    """Of its window; None: texts are shown whole."""
    side: str
    file_format: str


def random_model(draw: Draw) -> RandomModel:
    """A few parts on an Embedding, in any order, one of the ends, and the vocabulary projection."""
    fixed = draw(st.sampled_from((True, True, False)))
    masked, softmax = draw(st.booleans()), draw(st.booleans())
    keras.utils.set_random_seed(draw(st.integers(0, 999)))
    ids = keras.Input((LENGTH if fixed else None,), dtype="int32")
    growing = Growing(draw, fixed, [k.Embedding(VOCABULARY, U, mask_zero=masked)(ids)], [])
    for part in draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5)):
        growing.tensors.append(part(growing))
    end = ENDS[draw(st.sampled_from((*ENDS, "last", "recurrent", "recurrent")))](growing, growing.tensors[-1])
    answer = k.Dense(VOCABULARY, activation="softmax" if softmax else None)(end)
    length = LENGTH if fixed or draw(st.booleans()) else None
    side = draw(st.sampled_from(("pre", "pre", "post"))) if length else "pre"
    return RandomModel(drawn(keras.Model(ids, answer)), length, side, draw(st.sampled_from(("onnx", "onnx", "tflite"))))
