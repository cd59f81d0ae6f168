"""A recurrent layer as one operator that reads a window from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

Call = Callable[..., Any]
Forward = Callable[[Any], Any]
"""`[L, E] → [L, U]`, from a state of zeros."""


def fused(layer: keras.layers.RNN, forward: Forward, otherwise: Call) -> Call:
    """A call of the layer; `otherwise` is for what the operator does not take or answer: states, several rows.

    A mask is no business of the operator's: it reads the tokens that count, moved to the beginning, and each position
    is answered by what was read up to it.
    """
    one_state = len(keras.tree.flatten(layer.get_initial_state(batch_size=1))) == 1

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:
        if initial_state is not None or sequences.shape[0] != 1 or (layer.return_state and not one_state):
            return otherwise(sequences, initial_state, mask, training)
        rows, kept = sequences[0], _kept(mask, sequences.shape[1])
        if layer.go_backwards:
            rows, kept = rows[::-1], kept if kept is None else kept[::-1]
        outputs, state = (forward(rows), None) if kept is None else _masked(rows, kept, forward, layer)
        last = outputs[-1:]
        answer = outputs[None] if layer.return_sequences else last
        return (answer, last if state is None else state) if layer.return_state else answer

    return call


def _kept(mask: Any, length: int) -> Any:
    """1 for each position that counts, 0 for others, `[L]`."""
    return None if mask is None else tf.reshape(tf.cast(mask, tf.int32), (length,))


def _masked(rows: Any, kept: Any, forward: Forward, layer: keras.layers.RNN) -> tuple[Any, Any]:
    """Outputs at each position `[L, U]`, and the state after the last one that counts `[1, U]`."""
    length = rows.shape[0]
    # What counts before what does not, both in their order.
    order = tf.math.top_k(kept * length + tf.range(length, 0, -1), k=length).indices
    read = forward(tf.gather(rows, order))
    # Before the first one that counts Keras answers zeros.
    read = tf.concat([tf.zeros((1, read.shape[1])), read], axis=0)
    counts = tf.cumsum(kept)
    outputs = tf.gather(read, counts * kept if layer.zero_output_for_mask else counts)
    return outputs, tf.gather(read, counts[-1:])
