"""AdamW (Loshchilov and Hutter 2019) with all gradients clipped together, and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
LARGEST_NORM = 1.0
WARM_UP = 0.05
"""Share of the steps in which the learning rate rises to its peak."""


def learning_rate(peak: float, step: int, steps: int) -> float:
    """Of a step, counted from 0: a straight line up, then half a cosine down to 0."""
    warm_up = max(1, round(WARM_UP * steps))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * (1 + math.cos(math.pi * min(1.0, (step - warm_up) / max(1, steps - warm_up)))) / 2


class AdamW:
    """The moments of each weight. TensorFlow's fused operation makes one pass over a weight where Keras makes eight."""

    def __init__(self, weights: Sequence[keras.Variable], decay: float) -> None:
        self._weights = [weight.value for weight in weights]
        self._decay = decay
        self._moments = [(_zeros(weight), _zeros(weight)) for weight in self._weights]
        self._steps = tf.Variable(0, dtype=tf.int64, trainable=False)

    @property
    def variables(self) -> list[Any]:
        """Everything that an interrupted training needs back."""
        return [self._steps, *(moment for pair in self._moments for moment in pair)]

    def apply(self, gradients: Sequence[Any], rate: Any) -> None:
        """One step at a learning rate."""
        gradients, _ = tf.clip_by_global_norm([tf.convert_to_tensor(each) for each in gradients], LARGEST_NORM)
        steps = tf.cast(self._steps.assign_add(1), tf.float32)
        powers = tf.pow(BETA_1, steps), tf.pow(BETA_2, steps)
        for weight, gradient, moments in zip(self._weights, gradients, self._moments, strict=True):
            if self._decay and len(weight.shape) > 1:
                weight.assign_sub(rate * self._decay * weight)
            _adam(weight, moments, powers, rate, gradient)


def _adam(weight: Any, moments: tuple[Any, Any], powers: tuple[Any, Any], rate: Any, gradient: Any) -> None:
    tf.raw_ops.ResourceApplyAdam(
        var=weight.handle,
        m=moments[0].handle,
        v=moments[1].handle,
        beta1_power=powers[0],
        beta2_power=powers[1],
        lr=rate,
        beta1=BETA_1,
        beta2=BETA_2,
        epsilon=EPSILON,
        grad=gradient,
    )


def _zeros(weight: Any) -> Any:
    return tf.Variable(np.zeros(weight.shape, np.float32), trainable=False)
