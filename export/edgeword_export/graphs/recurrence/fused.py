"""A recurrent layer as one operator that reads a window from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from edgeword_export.graphs.recurrence.cells import Call

Forward = Callable[[Any], Any]
"""`[B, L, E] → [B, L, U]`, from a state of zeros."""


def fused(layer: keras.layers.RNN, forward: Forward, otherwise: Call) -> Call:
    """A call of the layer; `otherwise` is for what the operator does not take or answer: states.

    A mask is no business of the operator's: it reads the tokens that count, moved to the beginning, and each position
    is answered by what was read up to it.
    """
    one_state = len(keras.tree.flatten(layer.get_initial_state(batch_size=1))) == 1

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:
        if initial_state is not None or (layer.return_state and not one_state):
            return otherwise(sequences, initial_state, mask, training)
        counts = None if mask is None else tf.cast(mask, tf.int32)
        if layer.go_backwards:
            sequences, counts = sequences[:, ::-1], None if counts is None else counts[:, ::-1]
        outputs = forward(sequences) if counts is None else _of_those_that_count(sequences, counts, forward)
        state = outputs[:, -1]
        if counts is not None and layer.zero_output_for_mask:
            outputs *= tf.cast(counts[:, :, None], outputs.dtype)
        answer = outputs if layer.return_sequences else outputs[:, -1]
        return (answer, state) if layer.return_state else answer

    return call


def _of_those_that_count(sequences: Any, counts: Any, forward: Forward) -> Any:
    """At each position the output at the last one that counts, `[B, L, U]`; zeros before the first, as in Keras."""
    length = sequences.shape[1]
    # What counts before what does not, both in their order.
    order = tf.math.top_k(counts * length + tf.range(length, 0, -1), k=length).indices
    read = tf.pad(forward(_taken(sequences, order)), ((0, 0), (1, 0), (0, 0)))
    return _taken(read, tf.cumsum(counts, axis=1))


def _taken(sequences: Any, places: Any) -> Any:
    """Each text's rows at places of its own, `[B, n]`."""
    if sequences.shape[0] == 1:  # cheaper
        return tf.gather(sequences[0], places[0])[None]
    return tf.gather(sequences, places, axis=1, batch_dims=1)
