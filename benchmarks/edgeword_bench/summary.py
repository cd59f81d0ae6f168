"""From raw times to the figures of a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeword_bench.fresh import ColdStart
from edgeword_bench.percentiles import ENOUGH, median, percentile
from edgeword_bench.results import Result
from edgeword_bench.sitting import Seat

# A turn of fewer words has no tenths to compare.
_FEWEST_WORDS = 20


def drift(times: Sequence[float]) -> float:
    """The median of the last third over that of the first, less 1."""
    third = len(times) // 3
    return float(np.median(times[-third:]) / np.median(times[:third])) - 1 if third else 0.0


def with_words(row: Result, seats: Sequence[Seat]) -> Result:
    """The row with the figures of its words, from all sittings."""
    words = np.asarray([us for seat in seats for turn in seat.turns_us for us in turn])
    sittings = [float(np.median(np.concatenate(seat.turns_us))) for seat in seats]
    engine_us = [us for seat in seats for us in seat.engine_us]
    found: dict[str, Any] = {
        "runs": len(words),
        "settled": all(seat.settled for seat in seats) if seats else None,
        "words_per_s": float(1e6 / words.mean()) if len(words) else None,
        "engine_p50_us": median(engine_us),
        "engine_runs_per_word": sum(seat.engine_runs for seat in seats) / len(engine_us) if engine_us else None,
        "last_over_first": last_over_first([turn for seat in seats for turn in seat.turns_us]),
        "prompt_ms": _median_ms([seconds for seat in seats for seconds in seat.prompts_s]),
        "first_word_ms": _median_ms([seconds for seat in seats for seconds in seat.first_words_s]),
        "load_ms": _median_ms([seat.load_s for seat in seats]),
        "times_us": tuple(tuple(map(tuple, seat.turns_us)) for seat in seats),
    }
    for percent in ENOUGH:
        estimate = percentile(words, percent)
        found[f"p{percent}_us"] = estimate.value if estimate else None
        # Words share the memory and the moment of their sitting: what another run would find, the sittings tell.
        behind = percentile(sittings, 50) if percent == 50 else estimate
        found[f"p{percent}_interval_us"] = behind.interval if behind else None
    return dataclasses.replace(row, **found)


def last_over_first(turns: Sequence[Sequence[float]]) -> float | None:
    """The last tenth of the words of a turn over the first tenth: the median of that ratio over the turns."""
    long = [turn for turn in turns if len(turn) >= _FEWEST_WORDS]
    tenths = [(turn[: len(turn) // 10], turn[-(len(turn) // 10) :]) for turn in long]
    return median([float(np.median(last) / np.median(first)) for first, last in tenths])


def with_cold_starts(row: Result, starts: Sequence[ColdStart]) -> Result:
    """The row with its cold start and the parts of it."""
    return dataclasses.replace(
        row,
        cold_start_ms=median([start.total_ms for start in starts]),
        cold_python_ms=median([start.python_ms for start in starts]),
        cold_import_ms=median([start.import_ms for start in starts]),
        cold_load_ms=median([start.load_ms for start in starts]),
        cold_first_word_ms=median([start.first_word_ms for start in starts]),
    )


def with_floor(row: Result, bandwidth: float | None) -> Result:
    """The row with its floor: its weights at a bandwidth in bytes a second."""
    if bandwidth is None or row.read_bytes_per_word is None or row.p50_us is None or row.engine_runs_per_word != 1:
        return row
    floor_us = row.read_bytes_per_word / bandwidth * 1e6
    return dataclasses.replace(row, floor_us=floor_us, over_floor=row.p50_us / floor_us)


def _median_ms(seconds: Sequence[float]) -> float | None:
    found = median(seconds)
    return None if found is None else found * 1e3
