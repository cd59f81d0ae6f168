"""From what a Keras model answers to logits: its last softmax is taken off, not undone."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

# Below this a float32 probability has no logarithm worth having.
_SMALLEST_PROBABILITY = 1e-37


def without_softmax(layer: keras.layers.Layer) -> keras.layers.Layer | None:
    """The layer with a linear activation and the same weights, or None where it ends in no softmax."""
    if isinstance(layer, keras.layers.Softmax):
        return keras.layers.Activation("linear", name=layer.name)
    config = layer.get_config()
    inner = config["layer"]["config"] if isinstance(layer, keras.layers.TimeDistributed) else config
    if inner.get("activation") != "softmax":
        return None
    inner["activation"] = "linear"
    return rebuilt(layer, config)


def rebuilt(layer: keras.layers.Layer, config: dict[str, Any]) -> keras.layers.Layer:
    """A layer of another configuration with the same weights."""
    twin = type(layer).from_config(config)
    twin.build_from_config(layer.get_build_config())
    twin.set_weights(layer.get_weights())
    return twin


def log_probabilities(output: Any, probabilities: bool) -> Any:
    """Natural log-probabilities from a model's output along its last axis."""
    if probabilities:
        return tf.math.log(tf.maximum(output, _SMALLEST_PROBABILITY))
    return tf.nn.log_softmax(output)
