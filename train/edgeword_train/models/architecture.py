"""The Keras models that are trained: Embedding, recurrent layers, vocabulary projection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
from keras import layers

from edgeword_train.models.cells import CIFGLSTMCell, PeepholeLSTMCell
from edgeword_train.models.projections import (
    ProjectedCIFGLSTMCell,
    ProjectedGRUCell,
    ProjectedLSTMCell,
    ProjectedPlainLSTMCell,
    ProjectedSimpleRNNCell,
)
from edgeword_train.options import TrainingOptions

Factory = Callable[[TrainingOptions, str], keras.layers.Layer]
Cell = type[keras.layers.Layer]


def _keras(layer: type[keras.layers.Layer], projecting: Cell) -> Factory:
    def build(options: TrainingOptions, name: str) -> keras.layers.Layer:
        if options.projection:
            return _projected(projecting)(options, name)
        return layer(options.units, recurrent_dropout=options.recurrent_dropout, return_sequences=True, name=name)

    return build


def _cell(kind: Cell, projecting: Cell) -> Factory:
    def build(options: TrainingOptions, name: str) -> keras.layers.Layer:
        if options.projection:
            return _projected(projecting)(options, name)
        cell = kind(options.units, recurrent_dropout=options.recurrent_dropout)
        return layers.RNN(cell, return_sequences=True, name=name)

    return build


def _projected(kind: Cell) -> Factory:
    def build(options: TrainingOptions, name: str) -> keras.layers.Layer:
        cell = kind(options.units, options.output_width, recurrent_dropout=options.recurrent_dropout)
        return layers.RNN(cell, return_sequences=True, name=name)

    return build


# A row for every name in `options.CELL_NAMES`: a causal layer that answers every step.
CELLS: Mapping[str, Factory] = {
    "simple-rnn": _keras(layers.SimpleRNN, ProjectedSimpleRNNCell),
    "lstm": _keras(layers.LSTM, ProjectedPlainLSTMCell),
    "gru": _keras(layers.GRU, ProjectedGRUCell),
    "peephole-lstm": _cell(PeepholeLSTMCell, ProjectedLSTMCell),
    "cifg-lstm": _cell(CIFGLSTMCell, ProjectedCIFGLSTMCell),
    "projected-lstm": _projected(ProjectedLSTMCell),
}


@dataclass(frozen=True)
class Architecture:
    """A model, and the layers of which it is made: training calls these over streams, with the state carried."""

    model: keras.Model
    """From ids `[B, L]` int32, padded with 0 at the end, to logits `[B, L, V]` float32."""
    table: keras.layers.Layer
    """The embedding, `[V, E]`."""
    recurrent: tuple[keras.layers.Layer, ...]
    dropouts: tuple[keras.layers.Layer, ...]
    """One behind the embedding and one behind each recurrent layer; none where there is no dropout."""
    head: keras.layers.Layer
    """The vocabulary projection: a Dense layer, or the table once more."""

    @property
    def is_tied(self) -> bool:
        """Whether the head is the table."""
        return self.head is self.table


def build(options: TrainingOptions, vocabulary: int) -> Architecture:
    """The model that the options describe, with fresh weights."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    table = _table(options, vocabulary)
    recurrent = tuple(CELLS[options.cell](options, f"{options.cell}_{number + 1}") for number in range(options.layers))
    dropouts = _dropouts(options)
    hidden = _dropped(dropouts, 0, table(ids))
    for number, layer in enumerate(recurrent, 1):
        hidden = _dropped(dropouts, number, layer(hidden))
    head = table if options.tie_embeddings else layers.Dense(vocabulary, name="logits")
    logits = table(hidden, reverse=True) if options.tie_embeddings else head(hidden)
    return Architecture(keras.Model(ids, logits, name="edgeword"), table, recurrent, dropouts, head)


def _table(options: TrainingOptions, vocabulary: int) -> keras.layers.Layer:
    kind = layers.ReversibleEmbedding if options.tie_embeddings else layers.Embedding
    return kind(vocabulary, options.embedding, mask_zero=True, name="embedding")


def _dropouts(options: TrainingOptions) -> tuple[keras.layers.Layer, ...]:
    """The same activations are left out at each step of a window (Gal and Ghahramani 2016)."""
    if not options.dropout:
        return ()
    names = ("dropout_embedding", *(f"dropout_{number + 1}" for number in range(options.layers)))
    return tuple(layers.Dropout(options.dropout, noise_shape=(None, 1, None), name=name) for name in names)


def _dropped(dropouts: tuple[keras.layers.Layer, ...], number: int, hidden: keras.KerasTensor) -> keras.KerasTensor:
    return dropouts[number](hidden) if dropouts else hidden
