"""Before the clock runs: what is warm, how fast the machine is just now, and no garbage collection meanwhile."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

# Warm is what does not change any more: this many blocks of words in a row whose medians lie this close together.
_ALIKE, _WITHIN, _MOST_BLOCKS = 3, 0.03, 40
_BLOCK_S, _MOST_WARM_UP_S = 0.002, 2.0


def warm_up(words_us: Callable[[int], Sequence[float]]) -> tuple[float, bool]:
    """Run words until their time settles; returns seconds a word, and whether it did."""
    medians = [float(np.median(words_us(4)))]
    words = int(min(max(_BLOCK_S * 1e6 / medians[0], 4), 256))
    started = time.perf_counter()
    while len(medians) < _MOST_BLOCKS and time.perf_counter() - started < _MOST_WARM_UP_S:
        medians.append(float(np.median(words_us(words))))
        last = medians[-_ALIKE:]
        if len(medians) > _ALIKE and max(last) <= min(last) * (1 + _WITHIN):
            return medians[-1] / 1e6, True
    return medians[-1] / 1e6, False


def fixed_computation() -> float:
    """Seconds of the same arithmetic every time, the best of a few: how fast the machine is just now."""
    values = np.linspace(-3, 3, 4096, dtype=np.float32)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(20):
            np.tanh(values)
        times.append(time.perf_counter() - started)
    return min(times)


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collect first, then not until the end."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
