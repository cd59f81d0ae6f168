"""A model over streams: chunks of T tokens of B rows, with the state carried from chunk to chunk.

The layers' own cells are called, so that what is trained is what is exported. A text begins with the state that an
inference begins with, zeros, also where it begins within a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from edgeword_train.models.architecture import Architecture

States = list[list[Any]]


class _Restarting(keras.layers.Layer):  # type: ignore[misc]
    """A cell whose state becomes zeros where a text begins: there the last number of an input is 0, elsewhere 1."""

    def __init__(self, cell: keras.layers.Layer, **options: Any) -> None:
        super().__init__(**options)
        self.cell, self.state_size, self.output_size = cell, cell.state_size, cell.output_size

    def call(self, inputs: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        going_on = inputs[:, -1:]
        output, after = self.cell(inputs[:, :-1], [state * going_on for state in states], training=training)
        return output, after


class StreamingModel:
    """The body of a model, from the embedding to the last recurrent layer."""

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture
        self.cells = [getattr(layer, "cell", layer) for layer in architecture.recurrent]
        options = {"return_sequences": True, "return_state": True}
        self._layers = [layers.RNN(_Restarting(cell), **options) for cell in self.cells]

    def start(self, rows: int) -> States:
        """The state at the beginning: zeros."""
        return [[tf.zeros((rows, width)) for width in widths_of(cell)] for cell in self.cells]

    def __call__(
        self, ids: Any, going_on: Any, states: States, training: bool, words: Any = None
    ) -> tuple[Any, States]:
        """From ids `[B, T]` int32, going_on `[B, T]` float32 (0 where a text begins) to the output `[B, T, U]`.

        `words` `[V, 1]`, if given, multiplies the embedding of each word.
        """
        hidden = tf.gather(self._architecture.table.embeddings, ids)
        if words is not None:
            hidden *= tf.gather(words, ids)
        hidden = self._dropped(0, hidden, training)
        after: States = []
        for number, (layer, state) in enumerate(zip(self._layers, states, strict=True)):
            hidden, new = self._over_time(layer, hidden, going_on, state, training)
            hidden = self._dropped(number + 1, hidden, training)
            after.append(new)
        return hidden, after

    def _over_time(self, layer: Any, hidden: Any, going_on: Any, state: Any, training: bool) -> tuple[Any, list[Any]]:
        """One layer over time, its dropout masks drawn before the loop, as Keras does it, and forgotten after."""
        cell = layer.cell.cell
        _forget_masks(cell)
        if training:
            _draw_masks(cell, hidden[:, 0], state[0])
        inputs = tf.concat([hidden, going_on[:, :, None]], axis=-1)
        output, *after = layer(inputs, initial_state=state, training=training)
        _forget_masks(cell)
        return output, after

    def _dropped(self, number: int, hidden: Any, training: bool) -> Any:
        dropouts = self._architecture.dropouts
        return dropouts[number](hidden, training=training) if dropouts else hidden


def widths_of(cell: Any) -> Iterator[int]:
    """The widths of a cell's states."""
    size = cell.state_size
    yield from size if isinstance(size, (list, tuple)) else (size,)


def _draw_masks(cell: Any, inputs: Any, recurrent: Any) -> None:
    cell.get_dropout_mask(inputs)
    cell.get_recurrent_dropout_mask(recurrent)


def _forget_masks(cell: Any) -> None:
    cell.reset_dropout_mask()
    cell.reset_recurrent_dropout_mask()
