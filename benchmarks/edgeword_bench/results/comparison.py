"""Two results of the same bundle, or of two: which variants became slower, and how sure that is.

The unit is a process, in which the variant's words are timed between those of the others. Words of one process share
its memory and its moment, so they are no independent samples, and a test over words would find differences between a
benchmark and itself.

Processes are taken as independent, and are not where a neighbour on the machine slows several in a row. Disturbance
only adds, so a difference counts only if the undisturbed quarter of the processes shows it as well. Where all of a
result was disturbed, nothing in it can tell; the fixed computation beside it may.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from edgeword.errors import UsageError
from edgeword.records import spelled
from edgeword_bench.results.result import FORMAT_VERSION, Interval, Report, Result
from edgeword_bench.results.significance import bootstrap_ratio, holm, mann_whitney
from edgeword_bench.results.summary import process_medians

# Of a hundred comparisons of a benchmark with itself, one may show a difference: what runs for every change must not
# cry wolf.
SIGNIFICANCE = 0.01
# Two benchmarks of one bundle on one quiet machine differ by about so much, though nothing changed but the hour: of 40
# pairs of medians none by more than 3.4 % (`studies.trust`). No statistic over one result can see that.
REPRODUCIBLE = 0.03


class Key(NamedTuple):
    """What makes rows of two results comparable."""

    engine: str
    precision: str
    decode: str
    threads: int

    @property
    def name(self) -> str:
        """In words."""
        threads = f", {self.threads} threads" if self.threads > 1 else ""
        return f"{self.engine} {self.precision} ({self.decode}{threads})"


@dataclass(frozen=True)
class Change:
    """One variant in two results, A and B."""

    name: str
    a_us: float
    b_us: float
    """Medians over the processes' medians, microseconds a word."""
    ratio: float
    """B over A: above 1, B is slower."""
    interval: Interval
    """95 %, by bootstrap over the processes."""
    quiet_interval: Interval
    """The same for the ratio of the lower quartiles: of the processes that nothing disturbed."""
    p_value: float
    """Two-sided Mann-Whitney test over the processes' medians, Holm-adjusted for all variants compared."""

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
    """Variants of A that B has not, or that have too few processes for any verdict, with the reason."""
    warnings: tuple[str, ...]
    """What makes the comparison doubtful."""
    drift: float
    """The fixed computation's time in B over that in A: by how much the machine itself was slower; nan if not known."""

    def slower_than(self, limit: float) -> list[Change]:
        """What is slower by more than `limit` (0.05: 5 %) and by more than the machine itself was."""
        slowdown = max(self.drift, 1.0) if math.isfinite(self.drift) else 1.0
        return [change for change in self.changes if change.is_slower_than((1 + limit) * slowdown - 1)]

    def to_json(self) -> str:
        """The fields of this class, each change with its `verdict`; a drift that is not known is null."""
        data: dict[str, Any] = {"format_version": FORMAT_VERSION, **dataclasses.asdict(self)}
        for row, change in zip(data["changes"], self.changes, strict=True):
            row["verdict"] = change.verdict
        data["drift"] = self.drift if math.isfinite(self.drift) else None
        return spelled(json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)) + "\n"


def compare(a: Report, b: Report) -> Comparison:
    """Hold two results against each other; raises UsageError, with what sets them apart, where nothing is in common."""
    ours, theirs = _measured(a), _measured(b)
    common = [key for key in ours if key in theirs]
    if not common:
        raise UsageError(f"the two results have no variant in common that can be compared: {_apart(ours, theirs)}")
    usable = [key for key in common if _can_tell(ours[key], theirs[key], len(common))]
    not_told = [f"{key.name}: only in A" for key in ours if key not in theirs]
    not_told += [_too_few(key, ours[key], theirs[key]) for key in common if key not in usable]
    if not usable:
        raise UsageError(f"nothing in the two results can be compared: {'; '.join(not_told)}; measure both to the end")
    adjusted = holm([mann_whitney(ours[key], theirs[key]) for key in usable])
    changes = [_change(key, ours[key], theirs[key], p) for key, p in zip(usable, adjusted, strict=True)]
    drift = _reference_us(b) / _reference_us(a)
    new = tuple(key.name for key in theirs if key not in ours)
    return Comparison(tuple(changes), new, tuple(not_told), tuple(_doubts(a, b, drift)), drift)


Measured = dict[Key, list[float]]


def _measured(report: Report) -> Measured:
    """The medians of the processes of each measured variant."""
    return {_key(row): process_medians(row.times_us) for row in report.results if row.times_us}


def _key(row: Result) -> Key:
    return Key(row.engine, row.precision, row.decode, row.threads)


# What may set all variants of two results apart, and what would bring them together.
_APART = (
    ("decode", "decode mode", "name two results of bundles that are decoded in the same mode"),
    ("threads", "threads", "measure both with the same --threads"),
    ("engine", "engine", "measure both with the same --engine"),
    ("precision", "precision", "measure both with the same --precision"),
)


def _apart(a: Measured, b: Measured) -> str:
    """Why no variant is in both: what they differ in, and how to mend it."""
    empty = [name for name, measured in (("A", a), ("B", b)) if not measured]
    if empty:
        return f"{' and '.join(empty)} measured no variant; measure again"
    for field, name, mend in _APART:
        first, second = ({str(getattr(key, field)) for key in measured} for measured in (a, b))
        if not first & second:
            return f"{name} {', '.join(sorted(first))} in A, {', '.join(sorted(second))} in B; {mend}"
    named = (", ".join(key.name for key in measured) for measured in (a, b))
    return "A has {}, and B has {}; measure both with the same --engine and --precision".format(*named)


def _can_tell(a: Sequence[float], b: Sequence[float], compared: int) -> bool:
    """Whether so many processes could show a difference, if every one of A were faster than every one of B."""
    return compared * mann_whitney(range(len(a)), range(len(a), len(a) + len(b))) < SIGNIFICANCE


def _too_few(key: Key, a: Sequence[float], b: Sequence[float]) -> str:
    return f"{key.name}: too few processes to tell a difference ({len(a)} in A, {len(b)} in B)"


def _change(key: Key, a: list[float], b: list[float], p_value: float) -> Change:
    first, second = float(np.median(a)), float(np.median(b))
    intervals = bootstrap_ratio(a, b, 50), bootstrap_ratio(a, b, 25)
    return Change(key.name, first, second, second / first, *intervals, p_value)


# What both results should agree in, for their difference to be the model's: the path in `environment`, and its name.
_SAME = (
    (("machine", "id"), "machine"),
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
# The fixed computation is timed in every process: by how much its medians may differ.
_REFERENCE_TOLERANCE = 0.03


def _doubts(a: Report, b: Report, drift: float) -> list[str]:
    doubts = []
    for path, name in _SAME:
        first, second = a.fact(*path), b.fact(*path)
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


def _short(value: object) -> str:
    return "none" if value is None else str(value)[:40]


def _reference_us(report: Report) -> float:
    """The median time of the fixed computation; nan where a result has none."""
    times = report.fact("state", "reference_us")
    numbers = [time for time in times if isinstance(time, int | float)] if isinstance(times, list) else []
    return float(np.median(numbers)) if numbers else float("nan")
