"""The floor under a word: the bytes of weights that it must read, at the speed at which this machine reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

_ITEM_BYTES = 8
# One call reads this much, so that starting it does not count.
_BYTES_A_CALL = 1 << 26
_REPEATS = 5


def read_bandwidth(size: int, threads: int = 1) -> float:
    """Bytes a second at which `threads` threads together read the same `size` bytes again and again.

    The sum of int64 in NumPy: its loop is as fast as the loads (within a tenth of a loop of AVX-512 loads in C, out of
    each cache and out of memory). The best of some repeats counts: this is a floor.
    """
    items = max(size // _ITEM_BYTES // threads, 1)
    times = max(_BYTES_A_CALL // (items * _ITEM_BYTES * threads), 1)
    # Rows of stride zero: every row is the same memory.
    parts = [np.broadcast_to(np.ones(items, np.int64), (times, items)) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        seconds = _fastest(lambda: list(pool.map(_read, parts)))
    return items * _ITEM_BYTES * times * threads / seconds


def _read(rows: NDArray[np.int64]) -> None:
    rows.sum(axis=1)


def _fastest(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)
