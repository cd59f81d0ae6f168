"""The Keras models that are trained: Embedding, recurrent layers, Dense."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras

from edgeword_train.options import TrainingOptions

# A row for every name in `options.CELL_NAMES`: from (units, name) to a causal layer that answers every step.
CELLS: Mapping[str, Callable[[int, str], keras.layers.Layer]] = {
    "lstm": lambda units, name: keras.layers.LSTM(units, return_sequences=True, name=name),
}


def build_model(options: TrainingOptions, vocabulary: int) -> keras.Model:
    """A model from ids `[B, L]` int32, padded with 0 at the end, to logits `[B, L, V]` float32."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    hidden = keras.layers.Embedding(vocabulary, options.embedding, mask_zero=True, name="embedding")(ids)
    hidden = _drop(hidden, options, "dropout_embedding")
    for number in range(1, options.layers + 1):
        hidden = CELLS[options.cell](options.units, f"{options.cell}_{number}")(hidden)
        hidden = _drop(hidden, options, f"dropout_{number}")
    logits = keras.layers.Dense(vocabulary, name="logits")(hidden)
    return keras.Model(ids, logits, name="edgeword")


def _drop(hidden: keras.KerasTensor, options: TrainingOptions, name: str) -> keras.KerasTensor:
    return keras.layers.Dropout(options.dropout, name=name)(hidden) if options.dropout else hidden
