"""The ratios to be reached, and what was found beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeword.engines.engine import ENGINES
from edgeword_bench.report.columns import plain
from edgeword_bench.report.tables import markdown_table
from studies.peers.columns import ratio

Json = dict[str, Any]
Found = Callable[[Json, str], float | None]
"""(figures, engine) → the ratio that was measured."""


@dataclass(frozen=True)
class Target:
    """A ratio to reach, on some models."""

    what: str
    goals: Mapping[str, float]
    """Model → the ratio to reach."""
    is_at_least: bool
    found: Found

    def is_reached(self, model: str, value: float) -> bool:
        """Whether a ratio is on the right side of the goal."""
        return value >= self.goals[model] if self.is_at_least else value <= self.goals[model]


def _time(what: str) -> Found:
    def found(figures: Json, engine: str) -> float | None:
        rows = [row for row in figures["time_ratios"] if row["what"] == what and f" {engine}" in row["below"]]
        return rows[0]["ratio"] if rows else None

    return found


def _size(what: str) -> Found:
    def found(figures: Json, engine: str) -> float | None:
        rows = [row for row in figures["size_ratios"] if row["what"] == f"{what}, {ENGINES[engine].format}"]
        return rows[0]["ratio"] if rows else None

    return found


def _own(name: str) -> Found:
    return lambda figures, engine: figures[name][engine]["ratio"]


def _at_least(what: str, goals: Mapping[str, float], found: Found) -> Target:
    return Target(what, goals, True, found)


def _at_most(what: str, goals: Mapping[str, float], found: Found) -> Target:
    return Target(what, goals, False, found)


_BARE = {"A": 1.05, "B": 1.10}

TARGETS = (
    _at_least(
        "the notebook's word over edgeword's, dynamic-int8", {"A": 500, "B": 5000}, _time("notebook over edgeword")
    ),
    *(
        _at_most(f"`generate` over a bare loop, {precision}", _BARE, _time(f"edgeword over bare loop, {precision}"))
        for precision in ("float32", "dynamic-int8")
    ),
    _at_most("words 1,000 to 1,100 over words 10 to 110", dict.fromkeys("ABC", 1.05), _own("flatness")),
    _at_most("a fresh process's word over its imports", dict.fromkeys("ABC", 1.3), _own("cold_start")),
    _at_least("float32's time over dynamic-int8's", {"A": 5}, _time("float32 over dynamic-int8")),
    _at_most("dynamic-int8's size over float32's", {"A": 0.27}, _size("dynamic-int8 over float32")),
    _at_least("dynamic-int8's time over int4's", {"A": 1}, _time("dynamic-int8 over int4")),
    _at_most("int4's size over dynamic-int8's", {"A": 0.65}, _size("int4 over dynamic-int8")),
)

_NAMES = {"litert": "LiteRT", "onnx": "ONNX Runtime"}


def target_lines(peers: Mapping[str, Json]) -> Iterator[str]:
    """The section of the targets, of the models that were measured."""
    rows = [(target, model) for target in TARGETS for model in target.goals if model in peers]
    columns = [
        plain("ratio", lambda row: row[0].what),
        plain("model", lambda row: row[1]),
        plain("goal", lambda row: f"{'≥' if row[0].is_at_least else '≤'} {ratio(row[0].goals[row[1]])}"),
        *(plain(_NAMES[engine], lambda row, engine=engine: _against(*row, peers, engine)) for engine in ENGINES),
    ]
    yield from ("## What was to be reached\n", *markdown_table(columns, rows), "\nIn bold: not reached.\n")


def _against(target: Target, model: str, peers: Mapping[str, Json], engine: str) -> str:
    value = target.found(peers[model]["figures"], engine)
    return ratio(value) if value is None or target.is_reached(model, value) else f"**{ratio(value)}**"


def ahead_of_edgeword(model: str, result: Json) -> list[str]:
    """Each way of others that is faster than edgeword in the same precision, on either of its engines.

    A bare engine is held against edgeword on that engine.
    """
    rows = [row for row in result["peers"] if row["p50_us"] is not None]
    own = [row for row in rows if row["name"].startswith("edgeword ")]
    others = [row for row in rows if not row["name"].startswith("edgeword ")]
    return [
        f"- Model {model}, {mine['precision']}: {other['name']} ({other['p50_us']:,.1f} µs) is ahead of {mine['name']} "
        f"({mine['p50_us']:,.1f} µs){', though their intervals overlap' if _overlap(mine, other) else ''}."
        for mine in own
        for other in others
        if other["precision"] == mine["precision"] and other["p50_us"] < mine["p50_us"] and not _foreign(mine, other)
    ]


def _foreign(mine: Json, other: Json) -> bool:
    """Whether the other is an engine without edgeword, and not edgeword's engine here."""
    kind, *rest = other["name"].split()
    return kind == "bare" and f"edgeword {rest[0]}," not in mine["name"]


def _overlap(a: Json, b: Json) -> bool:
    first: Sequence[float] | None = a["interval_us"]
    second: Sequence[float] | None = b["interval_us"]
    return bool(first and second and first[0] <= second[1] and second[0] <= first[1])
