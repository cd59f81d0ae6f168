"""Weights and words that are left out while a chunk is learnt, beside the activations that the layers leave out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


class LeftOut:
    """Draws what is left out, by a seed that each epoch sets anew: nothing of it has to be kept for `--resume`."""

    def __init__(self) -> None:
        self._seed = tf.Variable([0, 0], dtype=tf.int32, trainable=False)

    def reseed(self, random: np.random.Generator) -> None:
        """Begin an epoch."""
        self._seed.assign(random.integers(2**31, size=2))

    def mask(self, shape: Sequence[int], share: float) -> Any:
        """Zeros for a share of the places, and for the others what keeps the mean at 1."""
        drawn = tf.random.stateless_uniform(shape, self._seed.assign_add([0, 1]))
        return tf.cast(drawn >= share, tf.float32) / (1 - share)


class DroppedWeights:
    """Weights of which a share is zero while gradients are taken: DropConnect (Wan et al. 2013), as Merity et al.
    (2017), "Regularizing and Optimizing LSTM Language Models", use it on the recurrent matrices.
    """

    def __init__(self, weights: Sequence[Any], share: float, left_out: LeftOut) -> None:
        self._weights = [weight.value for weight in weights] if share else []
        self._share, self._left_out = share, left_out
        self._kept: list[tuple[Any, Any]] = []

    def drop(self) -> None:
        """Leave another share out."""
        self._kept = [(tf.identity(weight), self._left_out.mask(weight.shape, self._share)) for weight in self._weights]
        for weight, (whole, mask) in zip(self._weights, self._kept, strict=True):
            weight.assign(whole * mask)

    def restore(self, gradients: Sequence[Any], weights: Sequence[Any]) -> list[Any]:
        """Make the weights whole; the gradients of all `weights`, those of what was left out being zero."""
        masks = {}
        for weight, (whole, mask) in zip(self._weights, self._kept, strict=True):
            weight.assign(whole)
            masks[weight.ref()] = mask
        return [
            gradient * masks[weight.ref()] if weight.ref() in masks else gradient
            for weight, gradient in zip(weights, gradients, strict=True)
        ]
