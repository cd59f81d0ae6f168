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

BlockOf = Callable[[int, int, bool], int | None]
"""A number of inputs, bits, whether blocks are to be small → how many inputs share a scale; None: all of them."""

# The root mean square of what rounding may change in a product; of the logits, in nats.
_LARGEST_ERROR = 0.045
# Of all weights may have 8 bits: the file is to stay small.
_MOST_IN_8_BITS = 0.3


@dataclass(frozen=True)
class Product:
    """Weights `[inputs, outputs]` and the second moments `[inputs, inputs]` of what they are multiplied by."""

    weights: Floats
    moments: Floats | None
    """None where the inputs could not be seen."""


class Moments:
    """The second moments of what weights are multiplied by, over all that is added."""

    def __init__(self) -> None:
        self._total: Floats | None = None
        self._rows = 0

    def add(self, values: Floats) -> None:
        """Take in inputs `[…, inputs]`."""
        rows = np.reshape(values, (-1, np.shape(values)[-1]))
        self._total = rows.T @ rows + (0 if self._total is None else self._total)
        self._rows += len(rows)

    def mean(self) -> Floats | None:
        """`[inputs, inputs]`; None of nothing."""
        return None if self._total is None else np.asarray(self._total / self._rows, np.float32)


def rounded_products(
    weights: Mapping[Key, Floats], inputs: Iterable[tuple[Key, Floats]], block_of: BlockOf
) -> dict[Key, Rounded]:
    """Weights as `allotted` rounds them, given what each is multiplied by in runs of the graph, by its key."""
    moments = {key: Moments() for key in weights}
    for key, values in inputs:
        moments[key].add(values)
    return allotted({key: Product(values, moments[key].mean()) for key, values in weights.items()}, block_of)


def allotted(products: Mapping[Key, Product], block_of: BlockOf) -> dict[Key, Rounded]:
    """Each product's weights in 4 bits: in small blocks where large ones change it too much, in 8 where those do.

    The products that change most get 8 bits, as long as these are few; inputs that were not seen change nothing.
    """
    found, errors = {}, {}
    for name, product in products.items():
        found[name], errors[name] = _rounded(product, 4, block_of(len(product.weights), 4, False))
        if errors[name] > _LARGEST_ERROR:
            found[name], errors[name] = _rounded(product, 4, block_of(len(product.weights), 4, True))
    left = _MOST_IN_8_BITS * sum(product.weights.size for product in products.values())
    for name in sorted(errors, key=lambda each: errors[each], reverse=True):
        product = products[name]
        if errors[name] > _LARGEST_ERROR and product.weights.size <= left:
            left -= product.weights.size
            found[name], _ = _rounded(product, 8, block_of(len(product.weights), 8, False))
    return found


def _rounded(product: Product, bits: int, block: int | None) -> tuple[Rounded, float]:
    """A product's weights, and the root mean square of what that changes."""
    found = rounded(product.weights, product.moments, bits, block)
    return found, 0.0 if product.moments is None else output_error(product.weights, product.moments, found)
