"""From what a Keras model answers to natural log-probabilities."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

# Below this a float32 probability has no logarithm worth having.
_SMALLEST_PROBABILITY = 1e-37
LEAST_LOGPROB = math.log(_SMALLEST_PROBABILITY)


def log_probabilities(output: Any, probabilities: bool) -> Any:
    """Natural log-probabilities from a model's output along its last axis."""
    if probabilities:
        return tf.math.log(tf.maximum(output, _SMALLEST_PROBABILITY))
    return tf.nn.log_softmax(output)
