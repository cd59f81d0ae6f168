"""Drawing a word: one uniform number for each word of a text, and the inverse of the distribution function.

The number belongs to the text and not to the batch, the engine or NumPy: the word at `index` is drawn with the
`index`-th output of SplitMix64 (Steele, Lea & Flood 2014), which is a function of seed and index alone, five
operations on whole numbers in any language. Inverting the distribution function takes one such number a word,
where the Gumbel trick takes one for each id.
"""

from __future__ import annotations

import os

import numpy as np

from edgeword.generation import processors
from edgeword.generation.options import GenerationOptions
from edgeword.generation.processors import Ids, Logits, Weights

_GOLDEN, _MASK = 0x9E3779B97F4A7C15, 2**64 - 1


def uniform(seed: int, index: int) -> float:
    """The `index`-th number of a seed: 53 random bits / 2 ** 53, in [0, 1).

    With mix the finalizer of SplitMix64: mix(mix(seed) + (index + 1) * golden ratio) >> 11, all modulo 2 ** 64.
    """
    return (nth_seed(seed, index) >> 11) * 2.0**-53


def fresh_seed() -> int:
    """A seed that nobody can foresee."""
    return int.from_bytes(os.urandom(8), "little")


def nth_seed(seed: int, index: int) -> int:
    """The seed of the `index`-th text of many that share one: all 64 bits of what `uniform` takes 53 of."""
    return _mixed((_mixed(seed) + (index + 1) * _GOLDEN) & _MASK)


def _mixed(bits: int) -> int:
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


def sample(logits: Logits, options: GenerationOptions, number: float) -> int | None:
    """The id that a number in [0, 1) draws from logits `[V]`; None where all are -inf.

    As the processors of temperature, top-k, top-p and min-p do in this order, but on what is left each time: of
    `top_k` 40 the rest looks at 40 values and not at V. (Dividing by a temperature changes no order, so top-k can
    come first.)
    """
    ids = None
    if options.top_k:
        ids = processors.top_k_ids(logits, options.top_k)
        logits = logits[ids]
    weights = processors.weights(logits, options.temperature)
    if options.top_p < 1:
        weights, ids = _narrowed(weights, ids, processors.nucleus(weights, options.top_p))
    if options.min_p > 0:
        weights, ids = _narrowed(weights, ids, np.flatnonzero(weights >= options.min_p))
    drawn = draw(weights, number)
    return drawn if ids is None or drawn is None else ids.item(drawn)


def _narrowed(weights: Weights, ids: Ids | None, kept: Ids) -> tuple[Weights, Ids]:
    return weights[kept], kept if ids is None else ids[kept]


def draw(weights: Weights, number: float) -> int | None:
    """The first of `[N]` up to which the weights sum to more than `number` of their sum; None where all are 0.

    One of weight 0 is never drawn.
    """
    reached = np.add.accumulate(weights)
    total = reached.item(-1) if len(reached) else 0.0
    if total == 0:
        return None
    drawn = int(reached.searchsorted(number * total, "right"))
    # A number next to 1 may be rounded up to the whole.
    return drawn if drawn < len(reached) else int(reached.searchsorted(total))
