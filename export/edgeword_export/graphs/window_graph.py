"""The window graph: the whole model on one padded window, for what cannot be taken step by step."""

from __future__ import annotations

import keras
import tensorflow as tf

from edgeword.bundle.spec import Window
from edgeword_export.graphs.lookup import Lookup
from edgeword_export.graphs.signature import Signature, Style, Tensors, input_spec, predictions
from edgeword_export.source.keras_model import NextWordModel, final_layer
from edgeword_export.source.logits import log_probabilities, rebuilt, without_softmax


def window_signature(source: NextWordModel, window: Window, style: Style) -> Signature:
    """`window`: `ids[1, L] → logits[1, V]` after the window's last position."""
    shape = (1, window.length or 1)
    final = final_layer(source.model)
    linear = without_softmax(final)
    model = keras.models.clone_model(
        source.model,
        input_tensors=keras.Input(batch_shape=shape, dtype="int32"),
        clone_function=lambda layer: linear if linear and layer is final else _in_window(layer, style),
    )

    def call(inputs: Tensors) -> Tensors:
        output = model(inputs["ids"], training=False)
        logits = tf.reshape(output[:, -1] if source.sequences else output, (1, source.vocabulary))
        if source.probabilities and linear is None:
            logits = log_probabilities(logits, probabilities=True)
        return predictions(logits, style)

    return Signature("window", {"ids": input_spec("ids", shape, "int32")}, call, model)


def _in_window(layer: keras.layers.Layer, style: Style) -> keras.layers.Layer:
    """Recurrent layers without their loop: quantizers skip the nodes inside of one, or break it."""
    if type(layer) is keras.layers.Embedding:
        return Lookup(layer, style.int8_rows)
    config = layer.get_config()
    if isinstance(layer, keras.layers.RNN):
        return rebuilt(layer, {**config, "unroll": True})
    if isinstance(layer, keras.layers.Bidirectional):
        for key in ("layer", "backward_layer"):
            if key in config:
                config[key]["config"]["unroll"] = True
        return rebuilt(layer, config)
    return layer
