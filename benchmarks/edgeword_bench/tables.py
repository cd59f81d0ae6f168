"""A report and a comparison as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeword.commands.table import aligned
from edgeword_bench.comparison import Comparison
from edgeword_bench.results import Interval, Report, Result

NOT_MEASURED = "-"

Cell = Callable[[Result], str]


def figure(value: float | None, digits: int = 1, unit: str = "") -> str:
    """A figure with so many decimals, or the sign for one that was not measured."""
    return NOT_MEASURED if value is None else f"{value:,.{digits}f}{unit}"


def _between(interval: Interval | None) -> str:
    return "" if interval is None else f" ({interval[0]:,.1f}-{interval[1]:,.1f})"


_LATENCY: tuple[tuple[str, Cell], ...] = (
    ("engine", lambda row: row.engine),
    ("precision", lambda row: row.precision),
    ("size", lambda row: f"{row.size_bytes / 1e6:.2f} MB"),
    ("p50 µs a word (95 %)", lambda row: figure(row.p50_us) + _between(row.p50_interval_us)),
    ("p90", lambda row: figure(row.p90_us)),
    ("p99", lambda row: figure(row.p99_us)),
    ("words/s", lambda row: figure(row.words_per_s, 0)),
    ("in engine", lambda row: figure(row.engine_p50_us)),
    ("x floor", lambda row: figure(row.over_floor, 2)),
    ("perplexity", lambda row: f"{row.perplexity:,.2f} ({row.perplexity_increase:+.2f} %)"),
    ("top-1", lambda row: f"{row.top1_agreement:.1%}"),
)
_START: tuple[tuple[str, Cell], ...] = (
    ("engine", lambda row: row.engine),
    ("precision", lambda row: row.precision),
    ("prompt ms", lambda row: figure(row.prompt_ms, 3)),
    ("first word", lambda row: figure(row.first_word_ms, 3)),
    ("load", lambda row: figure(row.load_ms)),
    ("cold start", lambda row: figure(row.cold_start_ms)),
    ("of it Python", lambda row: figure(row.cold_python_ms)),
    ("imports", lambda row: figure(row.cold_import_ms)),
    ("loading", lambda row: figure(row.cold_load_ms)),
    ("word", lambda row: figure(row.cold_first_word_ms)),
    ("peak memory", lambda row: figure(row.peak_rss_mb, 1, " MB")),
)


def report_lines(report: Report) -> list[str]:
    """The measured variants, fastest first, the others with their reasons, and the machine."""
    measured = sorted((row for row in report.results if row.runs), key=lambda row: row.p50_us or float("inf"))
    lines: list[str] = []
    if measured:
        lines += [*_table(_LATENCY, measured), "", *_table(_START, measured)]
    others = [row for row in report.results if not row.runs]
    lines += [f"not measured: {row.file}: {row.reason}" for row in others]
    threads = report.environment["settings"]["threads"]
    return [*lines, "", f"{machine_line(report.environment)}; {threads} thread{'s' if threads > 1 else ''}"]


def _table(columns: Sequence[tuple[str, Cell]], rows: Sequence[Result]) -> list[str]:
    return aligned([[title for title, _ in columns], *([cell(row) for _, cell in columns] for row in rows)])


def machine_line(environment: Mapping[str, Any]) -> str:
    """Processor and versions of an environment that holds `machine` and `versions`."""
    facts, versions = environment["machine"], environment["versions"]
    processor = f"{facts['cpu'] or facts['architecture']}, {facts['cores_allowed']} of {facts['cores']} processors"
    named = ", ".join(f"{name} {version}" for name, version in versions.items() if version and name != "edgeword")
    return f"{processor}; {named}"


def comparison_lines(comparison: Comparison) -> list[str]:
    """One line for each variant, the largest slowdown first."""
    rows = [
        [
            change.name,
            f"{change.a_us:,.1f}",
            f"{change.b_us:,.1f}",
            f"{change.ratio:.3f}",
            f"{change.interval[0]:.3f}-{change.interval[1]:.3f}",
            f"{change.quiet_interval[0]:.3f}-{change.quiet_interval[1]:.3f}",
            f"{change.p_value:.4f}",
            change.verdict,
        ]
        for change in sorted(comparison.changes, key=lambda change: -change.ratio)
    ]
    header = ["variant", "A µs a word", "B", "B/A", "95 %", "undisturbed", "p", "B is"]
    others = [f"only in B: {name}" for name in comparison.new] + [f"left out: {line}" for line in comparison.not_told]
    return [*aligned([header, *rows]), *others]
