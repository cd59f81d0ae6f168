"""The columns of a benchmark, once: text, Markdown and the page show the same ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgeword_bench.report.figures import between, figure, megabytes, percent, share
from edgeword_bench.results.result import Interval, Result

Cell = tuple[str, str]
"""The figure, and what is said of it in small."""


@dataclass(frozen=True)
class Column:
    """A column of a table over rows of any kind."""

    name: str
    unit: str
    cell: Callable[[Any], Cell]
    meaning: str = ""
    in_line: bool = False
    """Whether text and Markdown have what is said in small as well, in brackets."""

    def line(self, row: Any) -> str:
        """The cell of a row in text and Markdown."""
        main, small = self.cell(row)
        return f"{main} ({small})" if self.in_line and small else main

    @property
    def title(self) -> str:
        """Name and unit."""
        return f"{self.name}, {self.unit}" if self.unit else self.name


def plain(name: str, text: Callable[[Any], str], unit: str = "", meaning: str = "") -> Column:
    """A column whose cells say nothing in small."""
    return Column(name, unit, lambda row: (text(row), ""), meaning)


def _percentile(value: float | None, interval: Interval | None) -> Cell:
    return figure(value), between(interval)


def _p50(row: Result) -> Cell:
    main, small = _percentile(row.p50_us, row.p50_interval_us)
    return main, f"{small} not steady".strip() if row.settled is False else small


def _engine_only(row: Result) -> Cell:
    runs = row.engine_runs_per_word
    return figure(row.engine_p50_us), f"{figure(runs)} runs a word" if runs and runs != 1 else ""


def _cold_start(row: Result) -> Cell:
    parts = (row.cold_python_ms, row.cold_import_ms, row.cold_load_ms, row.cold_first_word_ms)
    is_known = any(part is not None for part in parts)
    return figure(row.cold_start_ms), " + ".join(map(_whole, parts)) if is_known else ""


def _whole(value: float | None) -> str:
    return figure(value) if value is None or value < 10 else f"{value:,.0f}"


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        plain("engine", lambda row: row.engine),
        plain("precision", lambda row: row.precision),
        plain("size", lambda row: megabytes(row.size_bytes), "MB", "The file; 1 MB is 10⁶ bytes."),
        Column(
            "p50",
            "µs",
            _p50,
            "Half of the words took no longer than this. “not steady”: warming up found no end.",
            in_line=True,
        ),
        Column(
            "p90", "µs", lambda row: _percentile(row.p90_us, row.p90_interval_us), "Nine words of ten took no longer."
        ),
        Column(
            "p99", "µs", lambda row: _percentile(row.p99_us, row.p99_interval_us), "99 words of 100 took no longer."
        ),
        Column(
            "words/s",
            "",
            lambda row: (figure(row.words_per_s), f"{row.runs:,} timed" if row.runs else ""),
            "Words timed over the time they took; below it, how many were timed.",
        ),
        Column(
            "engine only",
            "µs",
            _engine_only,
            "The part of a word spent inside the engine, p50, timed in streams of its own.",
        ),
        Column(
            "× floor",
            "",
            lambda row: (figure(row.over_floor), f"of {figure(row.floor_us)} µs" if row.floor_us is not None else ""),
            "The p50 over the floor below it: what NumPy takes to read the word's weights on this machine. Not shown "
            "where the engine reads them faster, for then it is no floor, nor where a word is several runs.",
        ),
        Column(
            "first word",
            "ms",
            lambda row: (figure(row.first_word_ms), f"prompt {figure(row.prompt_ms)}" if row.prompt_ms else ""),
            "From the prompt's text to the first word; below it, the part that read all of the prompt but its last "
            "token.",
        ),
        plain(
            "load",
            lambda row: figure(row.load_ms),
            "ms",
            "Opening the bundle and loading the variant, with the engine already imported.",
        ),
        Column(
            "cold start",
            "ms",
            _cold_start,
            "From the start of a process to its first word, files cached; below it Python, import, load, first word.",
            in_line=True,
        ),
        plain(
            "peak memory",
            lambda row: figure(row.peak_rss_mb),
            "MB",
            "Largest resident memory of a process of its own that generates words, Python included.",
        ),
        Column(
            "perplexity",
            "",
            lambda row: (f"{row.perplexity:,.2f}", percent(row.perplexity_increase)),
            "Of held-out text, from the manifest; below it, the change against the Keras model.",
            in_line=True,
        ),
        plain(
            "top-1",
            lambda row: share(row.top1_agreement),
            "",
            "Share of positions at which the Keras model has the same most probable word, from the manifest.",
        ),
    )
}

FIGURES = tuple(column for column in COLUMNS.values() if column.name not in ("engine", "precision"))
"""What the page shows of each variant."""

TABLES = tuple(
    tuple(COLUMNS[name] for name in ("engine", "precision", *names))
    for names in (
        ("size", "p50", "perplexity", "top-1"),
        ("p90", "p99", "words/s", "engine only", "× floor"),
        ("first word", "load", "cold start", "peak memory"),
    )
)
"""The tables of a terminal, each of which fits into its lines: a speed stands beside what it costs."""
