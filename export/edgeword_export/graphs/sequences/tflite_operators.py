"""TFLite's own recurrent operator: UNIDIRECTIONAL_SEQUENCE_LSTM, in the place of Keras' LSTM cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import activations, layers

# What the converter knows a function by that it may replace by the operator. The function's arguments and results
# are those that it asks for; what it computes is for TensorFlow alone.
_REPLACED = {"api_implements": "lstm_edgeword", "api_preferred_device": "CPU", "time_major": False, "go_backwards": False}


def tflite_operator(cell: keras.layers.Layer) -> Callable[[Any], Any] | None:
    """`[L, E] → [L, U]` from a state of zeros; None of a cell that TFLite has no operator for.

    The operator keeps its state from run to run: whoever runs the graph resets its variables before each.
    """
    usual = (activations.tanh, activations.sigmoid)
    if type(cell) is not layers.LSTMCell or (cell.activation, cell.recurrent_activation) != usual:
        return None

    def run(rows: Any) -> Any:
        start = tf.zeros((1, cell.units))
        bias = tf.convert_to_tensor(cell.bias) if cell.use_bias else tf.zeros(4 * cell.units)
        weights = (tf.convert_to_tensor(cell.kernel), tf.convert_to_tensor(cell.recurrent_kernel), bias)
        lstm = tf.function(_lstm, autograph=False, experimental_attributes=_REPLACED)
        return lstm(rows[None], start, start, *weights)[1][0]

    return run


def _lstm(inputs: Any, hidden: Any, carry: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    """The last output, all outputs `[1, L, U]`, both states, and a mark that the converter does not read."""
    length, units = inputs.shape[1], hidden.shape[1]

    def body(position: Any, hidden: Any, carry: Any, outputs: Any) -> Any:
        gates = inputs[:, position] @ kernel + hidden @ recurrent_kernel + bias
        entered, kept, new, shown = tf.split(gates, 4, axis=1)
        carry = tf.sigmoid(kept) * carry + tf.sigmoid(entered) * tf.tanh(new)
        hidden = tf.sigmoid(shown) * tf.tanh(carry)
        return position + 1, hidden, carry, outputs.write(position, hidden)

    outputs = tf.TensorArray(tf.float32, length, element_shape=(1, units))
    _, hidden, carry, outputs = tf.while_loop(
        lambda position, *_: position < length, body, (0, hidden, carry, outputs)
    )
    return hidden, tf.transpose(outputs.stack(), (1, 0, 2)), hidden, carry, tf.constant(1.0)
