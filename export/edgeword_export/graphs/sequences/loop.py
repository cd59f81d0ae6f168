"""A recurrent layer as a loop of the graph over the positions of a window, for any cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from edgeword_export.graphs.recurrence import cell_called


def looped(layer: keras.layers.RNN) -> Callable[..., Any]:
    """A call of the layer on `[B, L, E]`. The loop counts up to the window's length and knows no other end."""

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:  # noqa: ARG001
        length = sequences.shape[1]
        structure = layer.get_initial_state(batch_size=sequences.shape[0])
        start = _flat(structure if initial_state is None else initial_state)
        if layer.go_backwards:
            sequences, mask = sequences[:, ::-1], None if mask is None else mask[:, ::-1]

        def step(inputs: Any, flat: Any) -> tuple[Any, list[Any]]:
            output, states = cell_called(layer, inputs, keras.tree.pack_sequence_as(structure, flat))
            return output, _flat(states)

        def body(position: Any, flat: Any, outputs: Any) -> Any:
            output, new = step(sequences[:, position], flat)
            if mask is not None:
                counts = mask[:, position, None]
                before = ops.zeros_like(output) if layer.zero_output_for_mask else outputs[:, -1]
                output = ops.where(counts, output, before)
                new = [ops.where(counts, *pair) for pair in zip(new, flat, strict=True)]
            # All are moved by one for each that is added: TFLite has no cheaper way to write a row.
            return position + 1, new, tf.concat([outputs[:, 1:], output[:, None]], axis=1)

        none = tf.zeros_like(step(sequences[:, 0], start)[0])[:, None]
        outputs = tf.repeat(none, length if layer.return_sequences else 1, axis=1)
        _, flat, outputs = tf.while_loop(lambda position, *_: position < length, body, (tf.constant(0), start, outputs))
        answer = outputs if layer.return_sequences else outputs[:, 0]
        return (answer, *keras.tree.pack_sequence_as(structure, flat)) if layer.return_state else answer

    return call


def _flat(states: Any) -> list[Any]:
    return list(keras.tree.flatten(states))
