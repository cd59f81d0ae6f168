"""Whether two samples of processes differ: a rank test, its adjustment for many tests, and the ratio's interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgeword_bench.results.result import Interval

_RESAMPLES = 2000


def bootstrap_ratio(a: Sequence[float], b: Sequence[float], percent: int) -> Interval:
    """The 95 % percentile interval of a percentile of b over that of a, processes drawn anew with a fixed seed."""
    random = np.random.default_rng(0)
    first, second = (
        np.percentile(random.choice(np.asarray(values), (_RESAMPLES, len(values))), percent, axis=1)
        for values in (a, b)
    )
    low, high = np.percentile(second / first, [2.5, 97.5])
    return float(low), float(high)


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided p-value of the Mann-Whitney test that a and b come from one distribution.

    Normal approximation with the corrections for ties and for continuity (Hollander and Wolfe, Nonparametric
    Statistical Methods, section 4.1).
    """
    first, second = len(a), len(b)
    values = np.concatenate([a, b])
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    statistic = float(ranks[:first].sum()) - first * (first + 1) / 2
    total = first + second
    ties = float((counts**3 - counts).sum()) / (total * (total - 1))
    deviation = math.sqrt(first * second / 12 * (total + 1 - ties))
    if deviation == 0:  # all values are the same
        return 1.0
    distance = max(abs(statistic - first * second / 2) - 0.5, 0.0)
    return math.erfc(distance / deviation / math.sqrt(2))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjustment: the chance of any false alarm among all of them stays below the significance."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    highest = 0.0
    for position, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - position) * p_values[index]))
        adjusted[index] = highest
    return [float(value) for value in adjusted]
