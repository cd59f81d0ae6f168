"""A recurrent layer as one operator that reads a window from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from edgeword_export.graphs.recurrence.cells import Call

Forward = Callable[[Any], Any]
"""`[L, E] → [L, U]`, from a state of zeros."""


def fused(layer: keras.layers.RNN, forward: Forward, otherwise: Call) -> Call:
    """A call of the layer; `otherwise` is for what the operator does not take or answer: states, several texts.

    A mask is no business of the operator's: it reads the tokens that count, moved to the beginning, and each position
    is answered by what was read up to it.
    """
    one_state = len(keras.tree.flatten(layer.get_initial_state(batch_size=1))) == 1

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:
        if initial_state is not None or sequences.shape[0] != 1 or (layer.return_state and not one_state):
            return otherwise(sequences, initial_state, mask, training)
        rows, counts = sequences[0], None if mask is None else tf.cast(mask[0], tf.int32)
        if layer.go_backwards:
            rows, counts = rows[::-1], None if counts is None else counts[::-1]
        outputs = forward(rows) if counts is None else _of_those_that_count(rows, counts, forward)
        last = outputs[-1:]
        if counts is not None and layer.zero_output_for_mask:
            outputs *= tf.cast(counts[:, None], outputs.dtype)
        answer = outputs[None] if layer.return_sequences else outputs[-1:]
        return (answer, last) if layer.return_state else answer

    return call


def _of_those_that_count(rows: Any, counts: Any, forward: Forward) -> Any:
    """At each position the output at the last one that counts, `[L, U]`; zeros before the first, as Keras answers."""
    length = rows.shape[0]
    # What counts before what does not, both in their order.
    order = tf.math.top_k(counts * length + tf.range(length, 0, -1), k=length).indices
    read = forward(tf.gather(rows, order))
    return tf.gather(tf.concat([tf.zeros((1, read.shape[1])), read], axis=0), tf.cumsum(counts))
