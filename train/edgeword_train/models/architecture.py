"""The Keras models that are trained: Embedding, recurrent layers, vocabulary projection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from edgeword_train.models.cells import CIFGLSTMCell, PeepholeLSTMCell, ProjectedLSTMCell
from edgeword_train.options import TrainingOptions

Factory = Callable[[TrainingOptions, str], keras.layers.Layer]


def _keras(layer: type[keras.layers.Layer]) -> Factory:
    def build(options: TrainingOptions, name: str) -> keras.layers.Layer:
        return layer(options.units, recurrent_dropout=options.recurrent_dropout, return_sequences=True, name=name)

    return build


def _over_time(cell_of: Callable[[TrainingOptions], keras.layers.Layer]) -> Factory:
    return lambda options, name: layers.RNN(cell_of(options), return_sequences=True, name=name)


def _cell(kind: type[keras.layers.LSTMCell]) -> Factory:
    return _over_time(lambda options: kind(options.units, recurrent_dropout=options.recurrent_dropout))


def _projected(options: TrainingOptions) -> ProjectedLSTMCell:
    return ProjectedLSTMCell(options.units, options.projection_width, recurrent_dropout=options.recurrent_dropout)


# A row for every name in `options.CELL_NAMES`: a causal layer that answers every step.
CELLS: Mapping[str, Factory] = {
    "simple-rnn": _keras(layers.SimpleRNN),
    "lstm": _keras(layers.LSTM),
    "gru": _keras(layers.GRU),
    "peephole-lstm": _cell(PeepholeLSTMCell),
    "cifg-lstm": _cell(CIFGLSTMCell),
    "projected-lstm": _over_time(_projected),
}


@dataclass(frozen=True)
class Architecture:
    """A model, and its two parts: the vocabulary projection is trained on the positions that count alone."""

    model: keras.Model
    """From ids `[B, L]` int32, padded with 0 at the end, to logits `[B, L, V]` float32."""
    body: keras.Model
    """From ids to the last layer's output `[B, L, U]`."""
    head: Callable[[Any], Any]
    """From `[…, U]` to logits `[…, V]`."""


def build(options: TrainingOptions, vocabulary: int) -> Architecture:
    """The model that the options describe, with fresh weights."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    table_kind = layers.ReversibleEmbedding if options.tie_embeddings else layers.Embedding
    table = table_kind(vocabulary, options.embedding, mask_zero=True, name="embedding")
    hidden = _drop(table(ids), options, "dropout_embedding")
    for number in range(1, options.layers + 1):
        hidden = CELLS[options.cell](options, f"{options.cell}_{number}")(hidden)
        hidden = _drop(hidden, options, f"dropout_{number}")
    head = _reversed(table) if options.tie_embeddings else layers.Dense(vocabulary, name="logits")
    return Architecture(keras.Model(ids, head(hidden), name="edgeword"), keras.Model(ids, hidden), head)


def _reversed(table: keras.layers.Layer) -> Callable[[Any], Any]:
    return lambda hidden: table(hidden, reverse=True)


def _drop(hidden: keras.KerasTensor, options: TrainingOptions, name: str) -> keras.KerasTensor:
    return layers.Dropout(options.dropout, name=name)(hidden) if options.dropout else hidden
