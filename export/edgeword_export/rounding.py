"""Weights rounded to 4 or 8 bits so that their products change least.

Rounding to the nearest treats all weights alike. What counts is the product, so each weight's error is made up for by
those that are not rounded yet, as far as the inputs go together: Frantar et al., "GPTQ", arXiv:2210.17323.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Shares of the scale that has the largest weight fit: most weights are small, and gain by a finer one.
_SHARES = np.linspace(0.7, 1, 13, dtype=np.float32)
_DAMPING = 0.01
"""Of the mean second moment, added to each: inputs that were never seen differ must not be taken for one."""
_SMALLEST_SCALE = 2.0**-14
"""The smallest that float16 holds with all its digits."""


@dataclass(frozen=True)
class Rounded:
    """Weights as integers and scales: `weights ≈ integers * scales`, a scale for each block of inputs and channel."""

    integers: NDArray[np.int8]
    """`[inputs, outputs]`, of 4 bits -8 to 7, of 8 bits -127 to 127."""
    scales: Floats
    """`[blocks, outputs]`; of 4 bits with 8 binary digits, which float16 and bfloat16 hold as they are."""
    block: int
    """Inputs that share a scale."""
    bits: int

    def values(self) -> Floats:
        """What the weights have become, `[inputs, outputs]` float32."""
        scales = np.repeat(self.scales, self.block, axis=0)[: len(self.integers)]
        return np.asarray(self.integers * scales, np.float32)


def rounded(weights: Floats, moments: Floats | None = None, bits: int = 4, block: int | None = None) -> Rounded:
    """Round weights `[inputs, outputs]`, given the second moments `[inputs, inputs]` of what they are multiplied by.

    Without moments all inputs count alike and none makes up for another. Without `block` a channel has one scale.
    """
    inputs = len(weights)
    block = block or inputs
    followed = _followed(moments, inputs)
    left = np.array(weights, np.float32)
    integers = np.empty(left.shape, np.int8)
    scales = np.empty((-(-inputs // block), left.shape[1]), np.float32)
    for number, start in enumerate(range(0, inputs, block)):
        end = min(start + block, inputs)
        scales[number] = scale = _scale(left[start:end], np.diagonal(followed)[start:end], bits)
        errors = np.empty((end - start, left.shape[1]), np.float32)
        for row in range(start, end):
            integers[row] = _nearest(left[row], scale, bits)
            errors[row - start] = error = (left[row] - integers[row] * scale) / followed[row, row]
            left[row + 1 : end] -= np.outer(followed[row, row + 1 : end], error)
        left[end:] -= followed[start:end, end:].T @ errors
    return Rounded(integers, scales, block, bits)


def fits_4_bits(integers: NDArray[np.int8]) -> bool:
    """Whether integers need no more, and pairs of them fill their rows."""
    return integers.shape[-1] % 2 == 0 and bool(((integers >= -8) & (integers <= 7)).all())


def nibbles(integers: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """Integers of 4 bits, two along the last axis in a byte, the first in the lower half; an odd end is filled up."""
    values = integers.astype(np.uint8) & 15
    if values.shape[-1] % 2:
        values = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, 1)])
    return np.asarray(values[..., ::2] | values[..., 1::2] << 4, np.uint8)


def output_error(weights: Floats, moments: Floats, found: Rounded) -> float:
    """The root mean square of how far the products are off, over the inputs that the moments are of."""
    difference = (found.values() - weights).astype(np.float64)
    return float(np.sqrt(max(np.einsum("io,io->", difference, moments @ difference) / weights.shape[1], 0)))


def _followed(moments: Floats | None, inputs: int) -> Floats:
    """The upper triangle `U` of the inverse moments `UᵀU`: row by row, what makes up for an input's error."""
    if moments is None:
        return np.eye(inputs, dtype=np.float32)
    mean = float(np.diagonal(moments).mean()) or 1.0
    inverse = np.linalg.inv(moments.astype(np.float64) / mean + _DAMPING * np.eye(inputs))
    return np.asarray(np.linalg.cholesky(inverse).T, np.float32)


def _scale(weights: Floats, followed: Floats, bits: int) -> Floats:
    """For each channel of a block `[inputs, outputs]` the scale with the smallest squared error, inputs weighed."""
    fitting = np.maximum(np.abs(weights).max(axis=0) / (2 ** (bits - 1) - 1), _SMALLEST_SCALE)
    if bits > 4:
        return np.asarray(fitting, np.float32)
    weighed = (1 / followed**2)[:, None]
    best, scales = np.full(weights.shape[1], np.inf, np.float32), np.empty(weights.shape[1], np.float32)
    for share in _SHARES:
        scale = _eight_digits(fitting * share)
        error = (weighed * (_nearest(weights, scale, bits) * scale - weights) ** 2).sum(axis=0)
        scales, best = np.where(error < best, scale, scales), np.minimum(error, best)
    return scales


def _nearest(weights: Floats, scale: Floats, bits: int) -> Floats:
    top = 2 ** (bits - 1) - 1
    return np.asarray(np.clip(np.rint(weights / scale), -top - (bits == 4), top), np.float32)


def _eight_digits(scale: Floats) -> Floats:
    """Rounded to the digits of a bfloat16, in which XNNPACK keeps the scales of blocks."""
    mantissa, exponent = np.frexp(np.asarray(scale, np.float32))
    return np.asarray(np.maximum(np.ldexp(np.rint(mantissa * 256) / 256, exponent), _SMALLEST_SCALE), np.float32)
