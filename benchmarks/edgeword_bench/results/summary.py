"""From raw times to the figures of a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeword_bench.measuring.process import ColdStart
from edgeword_bench.measuring.subject import SubjectTimes
from edgeword_bench.results.percentiles import ENOUGH, median, percentile
from edgeword_bench.results.result import Result, Times

# A turn of fewer words has no tenths to compare.
_FEWEST_WORDS = 20


def drift(times: Sequence[float]) -> float:
    """The median of the last third over that of the first, less 1."""
    third = len(times) // 3
    return float(np.median(times[-third:]) / np.median(times[:third])) - 1 if third else 0.0


def with_words(row: Result, processes: Sequence[SubjectTimes]) -> Result:
    """The row with the figures of its words, from all processes."""
    turns = [turn for process in processes for turn in process.turns]
    engine_us = [us for turn in turns for us in turn.engine_us]
    times = times_of(processes)
    figures = {
        **word_figures(times),
        "settled": all(process.settled for process in processes) if processes else None,
        "engine_p50_us": median(engine_us),
        "engine_runs_per_word": sum(turn.engine_runs for turn in turns) / len(engine_us) if engine_us else None,
        "last_over_first": last_over_first([turn.words_us for turn in turns]),
        "prompt_ms": _median_ms([turn.prompt_s for turn in turns]),
        "first_word_ms": _median_ms([turn.first_word_s for turn in turns]),
        "load_ms": _median_ms([process.facts.get("load_s") for process in processes]),
        "times_us": times,
    }
    return dataclasses.replace(row, **figures)


def times_of(processes: Sequence[SubjectTimes]) -> Times:
    """The raw times: processes of turns of words."""
    return tuple(tuple(turn.words_us for turn in process.turns) for process in processes)


def word_figures(times: Times) -> dict[str, Any]:
    """`runs`, `words_per_s`, and the percentiles with their intervals."""
    words = np.asarray([us for process in times for turn in process for us in turn])
    figures: dict[str, Any] = {"runs": len(words), "words_per_s": float(1e6 / words.mean()) if len(words) else None}
    for percent in ENOUGH:
        estimate = percentile(words, percent)
        figures[f"p{percent}_us"] = estimate.value if estimate else None
        # Words share the memory and the moment of their process: what another run would find, the processes tell.
        behind = percentile(process_medians(times), 50) if percent == 50 else estimate
        figures[f"p{percent}_interval_us"] = behind.interval if behind else None
    return figures


def process_medians(times: Times) -> list[float]:
    """The median over the turns of a process of their median word, microseconds: one disturbed turn does not count."""
    filled = [[turn for turn in process if turn] for process in times]
    return [float(np.median([np.median(turn) for turn in turns])) for turns in filled if turns]


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
    """The row with its floor: its weights at a bandwidth in bytes a second.

    A word that takes less than that shows that the engine reads faster than what the bandwidth was measured with:
    then this is no floor, and none is given.
    """
    if bandwidth is None or row.read_bytes_per_word is None or row.p50_us is None or row.engine_runs_per_word != 1:
        return row
    floor_us = row.read_bytes_per_word / bandwidth * 1e6
    if row.p50_us < floor_us:
        return row
    return dataclasses.replace(row, floor_us=floor_us, over_floor=row.p50_us / floor_us)


def _median_ms(seconds: Sequence[float | None]) -> float | None:
    found = median([value for value in seconds if value is not None])
    return None if found is None else found * 1e3
