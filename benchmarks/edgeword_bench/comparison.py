"""Two results of the same bundle, or of two: which variants became slower, and how sure that is.

The unit is a sitting: a fresh process, in which the variant's words are timed between those of the others. Words of one
sitting share its memory and its moment, so they are no independent runs, and a test over words would find differences
between a benchmark and itself.

Sittings are taken as independent, and are not where a neighbour on the machine slows several in a row. Disturbance only
adds, so a difference counts only if the undisturbed quarter of the sittings shows it as well. Where all of a run was
disturbed, nothing in it can tell; the fixed computation beside it may.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeword.errors import UsageError
from edgeword_bench.results import Interval, Report, Result

# Of a hundred comparisons of a benchmark with itself, one may show a difference: what runs for every change must not
# cry wolf.
SIGNIFICANCE = 0.01
# Two benchmarks of one bundle on one quiet machine differ by about so much, though nothing changed but the hour: of 40
# pairs of medians none by more than 3.4 % (`benchmarks/trust.py`). No statistic over one run can see that.
REPRODUCIBLE = 0.03
_RESAMPLES = 2000

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """One variant in two results, A and B."""

    name: str
    a_us: float
    b_us: float
    """Medians over the sittings' medians, microseconds a word."""
    ratio: float
    """B over A: above 1, B is slower."""
    interval: Interval
    """95 %, by bootstrap over the sittings."""
    quiet_interval: Interval
    """The same for the ratio of the lower quartiles: of the sittings that nothing disturbed."""
    p_value: float
    """Two-sided Mann-Whitney test over the sittings' medians, Holm-adjusted for all variants compared."""

    @property
    def verdict(self) -> str:
        """`slower`, `faster`, or `same`: nothing that chance or another hour would not do."""
        if self.is_slower_than(REPRODUCIBLE):
            return "slower"
        highs = self.interval[1], self.quiet_interval[1]
        if self.p_value < SIGNIFICANCE and max(highs) < 1 - REPRODUCIBLE:
            return "faster"
        return "same"

    def is_slower_than(self, limit: float) -> bool:
        """Whether B is slower by more than `limit` (0.05: 5 %), as far as the test and the intervals can tell."""
        return self.p_value < SIGNIFICANCE and min(self.interval[0], self.quiet_interval[0]) > 1 + limit


@dataclass(frozen=True)
class Comparison:
    """All variants that both results have measured."""

    changes: tuple[Change, ...]
    new: tuple[str, ...]
    """Variants of B alone."""
    not_told: tuple[str, ...]
    """Variants of A that B has not, or that have too few sittings for any verdict, with the reason."""
    warnings: tuple[str, ...]
    """What makes the comparison doubtful."""
    drift: float
    """The fixed computation's time in B over that in A: by how much the machine itself was slower; nan if not known."""

    def slower_than(self, limit: float) -> list[Change]:
        """What is slower by more than `limit` (0.05: 5 %) and by more than the machine itself was."""
        slowdown = max(self.drift, 1.0) if math.isfinite(self.drift) else 1.0
        return [change for change in self.changes if change.is_slower_than((1 + limit) * slowdown - 1)]


def compare(a: Report, b: Report) -> Comparison:
    """Hold two results against each other; raises UsageError where they have no variant in common."""
    ours, theirs = _measured(a), _measured(b)
    common = [key for key in ours if key in theirs]
    usable = [key for key in common if _can_tell(ours[key], theirs[key], len(common))]
    not_told = [f"{_named(key)}: only in A" for key in ours if key not in theirs]
    not_told += [f"{_named(key)}: too few sittings to tell a difference" for key in common if key not in usable]
    if not usable:
        raise UsageError(
            "the two results have no variant in common that can be compared; measure both with the same --engine, "
            f"--precision and --threads ({'; '.join(not_told) or 'A has no measured variant'})"
        )
    adjusted = holm([mann_whitney(ours[key], theirs[key]) for key in usable])
    changes = [_change(key, ours[key], theirs[key], p) for key, p in zip(usable, adjusted, strict=True)]
    drift = _reference_us(b) / _reference_us(a)
    new = tuple(_named(key) for key in theirs if key not in ours)
    return Comparison(tuple(changes), new, tuple(not_told), tuple(_doubts(a, b, drift)), drift)


def _can_tell(a: Sequence[float], b: Sequence[float], compared: int) -> bool:
    """Whether so many sittings could show a difference, if every one of A were faster than every one of B."""
    return compared * mann_whitney(range(len(a)), range(len(a), len(a) + len(b))) < SIGNIFICANCE


Key = tuple[str, str, str, int]
"""Engine, precision, decode mode, threads."""


def _measured(report: Report) -> dict[Key, list[float]]:
    """The medians of the sittings of each measured variant."""
    return {_key(row): sitting_medians(row) for row in report.results if row.times_us}


def _key(row: Result) -> Key:
    return row.engine, row.precision, row.decode, row.threads


def _named(key: Key) -> str:
    engine, precision, decode, threads = key
    return f"{engine} {precision} ({decode}, {threads} thread{'s' if threads > 1 else ''})"


def sitting_medians(row: Result) -> list[float]:
    """The median over the turns of a sitting of their median word, microseconds: one disturbed turn does not count."""
    sittings = [[turn for turn in sitting if turn] for sitting in row.times_us]
    return [float(np.median([np.median(turn) for turn in sitting])) for sitting in sittings if sitting]


def _change(key: Key, a: list[float], b: list[float], p_value: float) -> Change:
    first, second = float(np.median(a)), float(np.median(b))
    intervals = bootstrap_ratio(a, b, 50), bootstrap_ratio(a, b, 25)
    return Change(_named(key), first, second, second / first, *intervals, p_value)


def bootstrap_ratio(a: Sequence[float], b: Sequence[float], percent: int) -> Interval:
    """The 95 % percentile interval of a percentile of b over that of a, sittings drawn anew with a fixed seed."""
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


# What both results should agree in, for their difference to be the model's: the path in `environment`, and its name.
_SAME = (
    (("machine", "host"), "machine"),
    (("machine", "cpu"), "processor"),
    (("machine", "cores_allowed"), "number of processors"),
    (("machine", "cpu_quota"), "quota of processors' time"),
    (("machine", "governor"), "frequency governor"),
    (("machine", "variables"), "setting of variables for threads"),
    (("bundle", "digest"), "bundle"),
    (("bundle", "prompt_tokens"), "length of the prompt"),
    (("versions", "ai-edge-litert"), "version of ai-edge-litert"),
    (("versions", "tflite-runtime"), "version of tflite-runtime"),
    (("versions", "onnxruntime"), "version of onnxruntime"),
    (("versions", "numpy"), "version of numpy"),
    (("versions", "python"), "version of Python"),
    (("versions", "edgeword"), "version of edgeword"),
)
# The fixed computation is timed beside every round: by how much its medians may differ.
_REFERENCE_TOLERANCE = 0.03


def _doubts(a: Report, b: Report, drift: float) -> list[str]:
    doubts = []
    for path, name in _SAME:
        first, second = _at(a, path), _at(b, path)
        if first != second:
            doubts.append(f"another {name}: A {_short(first)}, B {_short(second)}")
    doubts += [f"{name} was interrupted" for name, report in (("A", a), ("B", b)) if report.interrupted]
    doubts += [f"{name}: {line}" for name, report in (("A", a), ("B", b)) for line in report.warnings]
    if abs(drift - 1) > _REFERENCE_TOLERANCE:
        doubts.append(
            f"the machine itself was not equally fast: a fixed computation took {drift:.2f} of its time in A when B "
            "was measured"
        )
    return doubts


def _at(report: Report, path: tuple[str, ...]) -> object:
    value: object = report.environment
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _short(value: object) -> str:
    return "none" if value is None else str(value)[:40]


def _reference_us(report: Report) -> float:
    """The median time of the fixed computation; nan where a result has none."""
    times = _at(report, ("state", "reference_us"))
    numbers = [time for time in times if isinstance(time, int | float)] if isinstance(times, list) else []
    return float(np.median(numbers)) if numbers else float("nan")
