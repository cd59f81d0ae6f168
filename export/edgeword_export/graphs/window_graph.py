"""The window graph: the whole model on one padded window, for what cannot be taken step by step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from edgeword.bundle.spec import Window
from edgeword_export.graphs.answer import Answer
from edgeword_export.graphs.lookup import Lookup
from edgeword_export.graphs.recurrence.forms import over_window
from edgeword_export.graphs.signature import Signature, Style, Tensors, input_spec, predictions
from edgeword_export.graphs.substitution import Substitute, all_layers, any_length, calls_of, substituted
from edgeword_export.graphs.time_steps import is_standard
from edgeword_export.source.keras_model import NextWordModel


def window_signature(source: NextWordModel, window: Window, style: Style) -> Signature:
    """`window`: `ids[B, L] → logits[B, V]` where the answer is read."""
    shape = (style.rows, window.length or 1)
    answer = Answer(source)
    substitutes = [*any_length(source.model), *answer.substitutes, *_without_loops(source.model, style)]

    def call(inputs: Tensors) -> Tensors:
        ids = inputs["ids"]
        with substituted(substitutes):
            output = source.model(ids, training=False)
        if source.sequences:
            output = _read(output, ids, window)
        return predictions(answer.logits(output), style)

    return Signature("window", {"ids": input_spec("ids", shape, "int32")}, call, source.model)


def _read(answers: Any, ids: Any, window: Window) -> Any:
    """Of the answers `[B, L, V]` those at the window's last position, or at the last one that holds text."""
    length = ids.shape[1]
    if window.reads == "end":
        return answers[:, length - 1]
    place = tf.reduce_max(tf.where(ids == window.padding.value, 0, tf.range(length)), axis=1)
    return tf.gather(answers, place, axis=1, batch_dims=1)


def _without_loops(model: keras.Model, style: Style) -> list[Substitute]:
    """Recurrent layers without Keras' loop, tables as lookups, and means that are finite."""
    found = all_layers(model)
    foreign = [layer for layer in found if isinstance(layer, layers.RNN) and not is_standard(layer)]
    return [
        *calls_of(found, lambda layer: _in_window(layer, style)),
        *(Substitute(layer, "unroll", True) for layer in foreign),
    ]


def _in_window(layer: keras.layers.Layer, style: Style) -> Callable[..., Any] | None:
    if is_standard(layer):
        return over_window(layer, style.recurrence)
    if type(layer) is layers.Embedding:
        return Lookup(layer, style.table_bits)
    if type(layer) is layers.GlobalAveragePooling1D and layer.data_format == "channels_last":
        return _mean_of_words(layer)
    if type(layer) is layers.Flatten and layer.data_format == "channels_last":
        # Keras asks for the number of rows in each run.
        return lambda inputs, **_options: ops.reshape(inputs, (-1, math.prod(inputs.shape[1:])))
    return None


def _mean_of_words(layer: keras.layers.GlobalAveragePooling1D) -> Callable[..., Any]:
    """The mean of no words is zero: Keras divides by how many there are, and an empty prompt holds none."""

    def call(inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.mean(inputs, axis=1, keepdims=layer.keepdims)
        weights = ops.cast(ops.expand_dims(mask, 2), inputs.dtype)
        total = ops.sum(inputs * weights, axis=1, keepdims=layer.keepdims)
        return total / ops.maximum(ops.sum(weights, axis=1, keepdims=layer.keepdims), 1)

    return call
