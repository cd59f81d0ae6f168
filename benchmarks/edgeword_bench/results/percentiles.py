"""Percentiles that enough runs stand behind, with distribution-free intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Percent → the fewest runs of which, with 99 % confidence, at least two lie above that percentile: the smallest n with
# qⁿ + n·qⁿ⁻¹·(1-q) ≤ 0.01. With fewer, a percentile is the story of one run.
ENOUGH = {50: 11, 90: 64, 99: 662}

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Percentile:
    """A percentile with its 95 % interval, in the unit of the runs."""

    value: float
    interval: tuple[float, float]


def percentile(runs: Sequence[float] | NDArray[np.float64], percent: int) -> Percentile | None:
    """The percentile of some runs, or None where they are fewer than `ENOUGH`.

    The interval is between two of the runs: those whose ranks hold the true percentile between them with 95 %
    probability, by the binomial distribution, whatever the runs' own distribution is (David and Nagaraja, Order
    Statistics, section 7.1). It takes the runs as independent of each other.
    """
    if len(runs) < ENOUGH[percent]:
        return None
    ordered = np.sort(np.asarray(runs, np.float64))
    low, high = _ranks(len(ordered), percent)
    return Percentile(float(np.percentile(ordered, percent)), (float(ordered[low]), float(ordered[high])))


def median(runs: Sequence[float]) -> float | None:
    """The 50th percentile alone."""
    found = percentile(runs, 50)
    return found.value if found else None


@lru_cache
def _ranks(count: int, percent: int) -> tuple[int, int]:
    """Zero-based ranks of the interval's ends: as narrow as two tails of 2.5 % at most allow."""
    tail = (1 - _CONFIDENCE) / 2
    below = np.cumsum(_binomial(count, percent / 100))  # below[k]: at most k of the runs lie under the percentile
    low = int(np.searchsorted(below, tail, side="right")) - 1
    high = int(np.searchsorted(below, 1 - tail))
    return max(low, 0), min(high, count - 1)


def _binomial(count: int, share: float) -> NDArray[np.float64]:
    """The probabilities of 0 to `count` successes."""
    successes = np.arange(1, count + 1)
    steps = np.log(count + 1 - successes) - np.log(successes) + np.log(share) - np.log1p(-share)
    logs = np.concatenate([[0.0], np.cumsum(steps)]) + count * np.log1p(-share)
    return np.asarray(np.exp(logs))
