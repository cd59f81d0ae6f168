"""The Keras models that are trained: Embedding, recurrent layers, vocabulary projection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from edgeword_train.models.cells import CIFGLSTMCell, PeepholeLSTMCell, ProjectedLSTMCell
from edgeword_train.options import TrainingOptions

Factory = Callable[[TrainingOptions, dict[str, Any]], keras.layers.Layer]


def _over_time(cell: type[keras.layers.Layer]) -> Factory:
    def build(options: TrainingOptions, settings: dict[str, Any]) -> keras.layers.Layer:
        name = settings.pop("name")
        sizes = [options.units, *([options.projection_width] if cell is ProjectedLSTMCell else [])]
        return layers.RNN(cell(*sizes, **settings), return_sequences=True, name=name)

    return build


def _keras(layer: type[keras.layers.Layer]) -> Factory:
    return lambda options, settings: layer(options.units, return_sequences=True, **settings)


# A row for every name in `options.CELL_NAMES`: a causal layer that answers every step.
CELLS: Mapping[str, Factory] = {
    "simple-rnn": _keras(layers.SimpleRNN),
    "lstm": _keras(layers.LSTM),
    "gru": _keras(layers.GRU),
    "peephole-lstm": _over_time(PeepholeLSTMCell),
    "cifg-lstm": _over_time(CIFGLSTMCell),
    "projected-lstm": _over_time(ProjectedLSTMCell),
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
        settings = {"name": f"{options.cell}_{number}", "recurrent_dropout": options.recurrent_dropout}
        hidden = CELLS[options.cell](options, settings)(hidden)
        hidden = _drop(hidden, options, f"dropout_{number}")
    head = _reversed(table) if options.tie_embeddings else layers.Dense(vocabulary, name="logits")
    return Architecture(keras.Model(ids, head(hidden), name="edgeword"), keras.Model(ids, hidden), head)


def _reversed(table: keras.layers.Layer) -> Callable[[Any], Any]:
    return lambda hidden: table(hidden, reverse=True)


def _drop(hidden: keras.KerasTensor, options: TrainingOptions, name: str) -> keras.KerasTensor:
    return layers.Dropout(options.dropout, name=name)(hidden) if options.dropout else hidden
