"""Tables as text and as Markdown; a report and a comparison as lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeword.tables import aligned
from edgeword_bench.report.columns import TABLES, Column, plain
from edgeword_bench.results.comparison import Change, Comparison
from edgeword_bench.results.result import Report, Result

# What a terminal need not have.
_PLAIN = str.maketrans({"–": "-", "×": "x"})


def text_table(columns: Sequence[Column], rows: Sequence[Any]) -> list[str]:
    """Aligned lines."""
    cells = [
        [column.title for column in columns],
        *([column.line(row) for column in columns] for row in rows),
    ]
    return [line.translate(_PLAIN) for line in aligned(cells)]


def markdown_table(columns: Sequence[Column], rows: Sequence[Any]) -> list[str]:
    """Lines of a Markdown table."""
    head = [column.title for column in columns]
    cells = [head, ["---"] * len(head), *([column.line(row) for column in columns] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in cells]


def by_speed(results: Sequence[Result]) -> list[Result]:
    """Fastest first; what was not measured comes last."""
    return sorted(results, key=lambda row: (row.p50_us is None, row.p50_us or 0.0))


def report_lines(report: Report) -> list[str]:
    """The measured variants, fastest first, the others with their reasons, and the machine."""
    measured = by_speed([row for row in report.results if row.runs])
    lines: list[str] = []
    for columns in TABLES if measured else ():
        lines += ["", *text_table(columns, measured)]
    lines = lines[1:]
    lines += [f"not measured: {row.file}: {row.reason}" for row in report.results if not row.runs]
    threads = report.fact("settings", "threads")
    return [*lines, "", f"{machine_line(report.environment)}; {threads} thread{'s' if threads != 1 else ''}"]


def machine_line(environment: Mapping[str, Any]) -> str:
    """Processor and versions of an environment that holds `machine` and `versions`."""
    facts, versions = (environment.get(name) or {} for name in ("machine", "versions"))
    processor = facts.get("cpu") or facts.get("architecture") or "a processor without a name"
    cores = f"{facts.get('cores_allowed', '?')} of {facts.get('cores', '?')} processors"
    named = ", ".join(f"{name} {version}" for name, version in versions.items() if version and name != "edgeword")
    return f"{processor}, {cores}; {named}"


def _between(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f}–{interval[1]:.3f}"


_CHANGES: tuple[Column, ...] = (
    plain("variant", lambda change: change.name),
    plain("A", lambda change: f"{change.a_us:,.1f}", "µs"),
    plain("B", lambda change: f"{change.b_us:,.1f}"),
    plain("B/A", lambda change: f"{change.ratio:.3f}"),
    plain("95 %", lambda change: _between(change.interval)),
    plain("undisturbed", lambda change: _between(change.quiet_interval)),
    plain("B is", lambda change: change.verdict),
)


def comparison_lines(comparison: Comparison) -> list[str]:
    """One line for each variant, the largest slowdown first."""
    rows: list[Change] = sorted(comparison.changes, key=lambda change: -change.ratio)
    others = [f"only in B: {name}" for name in comparison.new] + [f"left out: {line}" for line in comparison.not_told]
    return [*text_table(_CHANGES, rows), *others]
