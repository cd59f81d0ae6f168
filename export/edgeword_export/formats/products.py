"""How many bits the weights of each product of a graph get, and what they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeword_export.rounding import Rounded, output_error, rounded

Floats = NDArray[np.float32]
Key = TypeVar("Key")

# The root mean square of what 4 bits may change in a product: nats, where it is the logits.
_LARGEST_ERROR = 0.03
# Where it is more, 8 bits, for at most this share of all weights: the file is to stay small.
_MOST_IN_8_BITS = 0.3


@dataclass(frozen=True)
class Product:
    """Weights `[inputs, outputs]` and the second moments `[inputs, inputs]` of what they are multiplied by."""

    weights: Floats
    moments: Floats | None
    """None where the inputs could not be seen."""


def second_moments(inputs: Iterable[Floats]) -> Floats | None:
    """Of inputs `[…, inputs]`, over all their other axes; None of nothing."""
    total, count = None, 0
    for values in inputs:
        rows = np.reshape(values, (-1, np.shape(values)[-1]))
        total = rows.T @ rows + (0 if total is None else total)
        count += len(rows)
    return None if total is None else np.asarray(total / count, np.float32)


def allotted(products: Mapping[Key, Product], block_of: Callable[[int, int], int | None]) -> dict[Key, Rounded]:
    """Each product's weights in 4 bits, or in 8 where 4 change the product too much.

    `block_of` says of a number of inputs, and of bits, how many of them share a scale.
    """

    def of_bits(product: Product, bits: int) -> Rounded:
        block = block_of(len(product.weights), bits)
        return rounded(product.weights, product.moments, bits, block)

    found = {name: of_bits(product, 4) for name, product in products.items()}
    errors = {
        name: output_error(product.weights, product.moments, found[name])
        for name, product in products.items()
        if product.moments is not None
    }
    left = _MOST_IN_8_BITS * sum(product.weights.size for product in products.values())
    for name in sorted(errors, key=lambda each: errors[each], reverse=True):
        left -= products[name].weights.size
        if errors[name] <= _LARGEST_ERROR or left < 0:
            break
        found[name] = of_bits(products[name], 8)
    return found
