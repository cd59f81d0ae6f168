"""A report as one HTML page that loads nothing and is whole without JavaScript."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any

from edgeword_bench.axes import escape
from edgeword_bench.charts import distributions, percent, positions, scatter
from edgeword_bench.percentiles import ENOUGH
from edgeword_bench.results import Interval, Report, Result

NOTHING = "–"
"""Stands for what was not measured, which is never 0."""

_SCRIPT = """
const button = document.getElementById("download");
button.hidden = false;
button.addEventListener("click", () => {
  const json = document.getElementById("report").textContent;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([json], {type: "application/json"}));
  link.download = "benchmark.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
"""

_METHOD = f"""
A word is timed from text to text: the next word as a string, while a stream of words is read. A sitting is a fresh
process in which every variant is loaded, warmed up, and given its turns, in another order each round, so that neither a
slow moment of the machine nor the luck of one process decides.

A percentile is given only from enough words: p50 from {ENOUGH[50]}, p90 from {ENOUGH[90]}, p99 from {ENOUGH[99]}. The
small range below it is a 95 % interval by order statistics, which supposes nothing of how the times are distributed:
for p50 over the medians of the sittings; for p90 and p99 over the words, which share the luck of their sitting, so that
the truth is wider. What was not measured is shown as {NOTHING}.
"""


@dataclass(frozen=True)
class Column:
    """A column of the table: what it is called, what a cell and its small line say, and what that means."""

    name: str
    unit: str
    cell: Callable[[Result], tuple[str, str]]
    meaning: str


def page(report: Report) -> str:
    """The whole page; all strings of the report are escaped."""
    bundle = lookup(report.environment, "bundle", "name") or "bundle"
    template = Template(files("edgeword_bench").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        name=escape(bundle),
        policy=_policy(),
        warnings=_warnings(report),
        finding=escape(finding(report)),
        setting=escape(_setting(report)),
        charts=_charts(report),
        table=_table(report),
        method="\n".join(f"<p>{escape(words)}</p>" for words in _METHOD.split("\n\n")),
        meanings="\n".join(_row(_title(column), escape(column.meaning)) for column in COLUMNS),
        environment=_environment(report.environment),
        json=_json(report),
        script=_SCRIPT,
    )


def _policy() -> str:
    """Nothing is loaded, and no script runs but the page's own."""
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _json(report: Report) -> str:
    """The result file; no `<` is left that could end the element, and no half of a surrogate pair."""
    return report.to_json().replace("<", "\\u003c").encode("utf-8", "backslashreplace").decode()


def lookup(tree: Mapping[str, Any], *path: str) -> Any:
    """A leaf of nested mappings, or None where there is none."""
    found: Any = tree
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


# --- the top ---


def finding(report: Report) -> str:
    """The fastest variant in one sentence."""
    measured = sorted((r for r in report.results if r.p50_us), key=_p50)
    if not measured:
        return "Nothing was measured."
    best, slowest = measured[0], measured[-1]
    speed = f", {figure(best.words_per_s)} words/s" if best.words_per_s else ""
    sentence = (
        f"{best.name} is the fastest: {figure(best.p50_us)} µs a word (p50){speed}, {_size(best)} MB, "
        f"perplexity {percent(best.perplexity_increase)}"
    )
    floats = [r for r in measured if r.precision == "float32" and r is not best]
    unquantized = next((r for r in floats if r.engine == best.engine), floats[0] if floats else None)
    faster = [_faster(best, unquantized, "")] if unquantized else []
    if slowest not in (best, unquantized):
        faster.append(_faster(best, slowest, ", the slowest"))
    whole = f"{sentence}; {' and '.join(faster)}." if faster else f"{sentence}."
    return whole.replace(" %", "\u00a0%").replace(" µs", "\u00a0µs").replace(" MB", "\u00a0MB")


def _p50(result: Result) -> float:
    return result.p50_us or 0.0


def _faster(best: Result, other: Result, note: str) -> str:
    times = _p50(other) / _p50(best)
    return f"{times:,.{0 if times >= 10 else 1}f} times as fast as {other.name}{note}"


def _setting(report: Report) -> str:
    """Where, when and how, as far as it is known."""
    modes = ", ".join(dict.fromkeys(result.decode for result in report.results))
    threads = ", ".join(dict.fromkeys(str(result.threads) for result in report.results))
    parts = (
        lookup(report.environment, "machine", "cpu"),
        modes and f"decode mode {modes}",
        threads and f"threads: {threads}",
        lookup(report.environment, "created"),
    )
    return " · ".join(str(part) for part in parts if part)


def _warnings(report: Report) -> str:
    stopped = ("interrupted: the run was stopped before its end; what follows is what it had measured by then",)
    lines = (*(stopped if report.interrupted else ()), *report.warnings)
    return "\n".join(f'<p class="loud">{escape(words)}</p>' for words in lines)


# --- the charts ---


def _charts(report: Report) -> str:
    tails = [r.p99_us / r.p50_us for r in report.results if r.p99_us and r.p50_us]
    growth = [r.last_over_first for r in report.results if r.last_over_first]
    measured = any(r.p50_us for r in report.results)
    captions = (
        (scatter, "Lower left is better. Size and perplexity are from the bundle's manifest." if measured else ""),
        (positions, f"The last tenth of a turn takes {_range(growth)} times its first tenth." if growth else ""),
        (distributions, f"The p99 is {_range(tails)} times the p50." if tails else ""),
    )
    figures = (f"<figure>\n{chart(report)}\n<figcaption>{words}</figcaption>\n</figure>" for chart, words in captions)
    return "\n".join(figures)


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):,.2f}", f"{max(values):,.2f}"
    return low if low == high else f"{low} to {high}"


# --- the table ---


def figure(value: float | None) -> str:
    """A figure in about three digits, or a dash."""
    if value is None:
        return NOTHING
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 1:
        return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.3g}"


def _size(result: Result) -> str:
    size = result.size_bytes / 1e6
    return f"{size:,.2f}" if size >= 1 else figure(size)


def _with_interval(value: float | None, interval: Interval | None) -> tuple[str, str]:
    return figure(value), "–".join(figure(end) for end in interval) if interval else ""


def _p50_cell(result: Result) -> tuple[str, str]:
    main, small = _with_interval(result.p50_us, result.p50_interval_us)
    return main, f"{small} not steady".strip() if result.settled is False else small


def _rate_cell(result: Result) -> tuple[str, str]:
    return figure(result.words_per_s), f"{result.runs:,} timed" if result.runs else ""


def _engine_cell(result: Result) -> tuple[str, str]:
    runs = result.engine_runs_per_word
    return figure(result.engine_p50_us), f"{figure(runs)} runs a word" if runs and runs != 1 else ""


def _cold_cell(result: Result) -> tuple[str, str]:
    parts = (result.cold_python_ms, result.cold_import_ms, result.cold_load_ms, result.cold_first_word_ms)
    return figure(result.cold_start_ms), " + ".join(map(_whole, parts)) if any(
        part is not None for part in parts
    ) else ""


def _whole(value: float | None) -> str:
    return figure(value) if value is None or value < 10 else f"{value:,.0f}"


def _floor_cell(result: Result) -> tuple[str, str]:
    return figure(result.over_floor), f"of {figure(result.floor_us)} µs" if result.floor_us is not None else ""


COLUMNS = (
    Column("size", "MB", lambda r: (_size(r), ""), "The file; 1 MB is 10⁶ bytes."),
    Column(
        "p50", "µs", _p50_cell, "Half of the words took no longer than this. “not steady”: warming up found no end."
    ),
    Column("p90", "µs", lambda r: _with_interval(r.p90_us, r.p90_interval_us), "Nine words of ten took no longer."),
    Column("p99", "µs", lambda r: _with_interval(r.p99_us, r.p99_interval_us), "99 words of 100 took no longer."),
    Column("words/s", "", _rate_cell, "Words timed over the time they took; below it, how many were timed."),
    Column(
        "engine only",
        "µs",
        _engine_cell,
        "The part of a word spent inside the engine, p50, timed in turns of its own.",
    ),
    Column(
        "first word",
        "ms",
        lambda r: (figure(r.first_word_ms), f"prompt {figure(r.prompt_ms)}" if r.prompt_ms is not None else ""),
        "From the prompt's text to the first word; below it, the part that read all of the prompt but its last token.",
    ),
    Column(
        "load",
        "ms",
        lambda r: (figure(r.load_ms), ""),
        "Opening the bundle and loading the variant, with the engine already imported.",
    ),
    Column(
        "cold start",
        "ms",
        _cold_cell,
        "From the start of a process to its first word, files cached; below it Python, import, load, first word.",
    ),
    Column(
        "peak memory",
        "MB",
        lambda r: (figure(r.peak_rss_mb), ""),
        "Largest resident memory of a process of its own that generates words, Python included.",
    ),
    Column(
        "× floor",
        "",
        _floor_cell,
        "The p50 over the floor below it: what reading the word's weights takes at the bandwidth measured here.",
    ),
    Column(
        "perplexity",
        "",
        lambda r: (f"{r.perplexity:,.2f}", percent(r.perplexity_increase)),
        "Of held-out text, from the manifest; below it, the change against the Keras model.",
    ),
    Column(
        "top-1",
        "",
        lambda r: (f"{r.top1_agreement:.1%}".replace("%", " %"), ""),
        "Share of positions at which the Keras model has the same most probable word, from the manifest.",
    ),
)


def _title(column: Column) -> str:
    return f"{column.name}, {column.unit}" if column.unit else column.name


def _table(report: Report) -> str:
    """Fastest first; what was not measured comes last, with its reason."""
    rows = sorted(report.results, key=lambda r: (r.p50_us is None, _p50(r)))
    heads = "".join(
        f'<th scope="col">{escape(column.name)}<small>{escape(column.unit)}</small></th>' for column in COLUMNS
    )
    return (
        '<table class="results">\n<thead><tr><th scope="col">engine<small>precision</small></th>'
        f"{heads}</tr></thead>\n{''.join(map(_variant, rows))}</table>"
    )


def _variant(result: Result) -> str:
    title = " · ".join(filter(None, (result.file, result.engine_version)))
    cells = "".join(_cell(*column.cell(result)) for column in COLUMNS)
    reason = f'<tr class="why"><td colspan="{len(COLUMNS) + 1}"><span>{escape(result.reason)}</span></td></tr>'
    return (
        f'<tbody><tr><th scope="row" title="{escape(title)}">{escape(result.engine)}<br>'
        f"<b>{escape(result.precision)}</b></th>{cells}</tr>{reason if result.reason else ''}</tbody>\n"
    )


def _cell(main: str, small: str) -> str:
    return f"<td>{escape(main)}{f'<small>{escape(small)}</small>' if small else ''}</td>"


# --- the machine ---


def _environment(tree: Mapping[str, Any]) -> str:
    """Each mapping under its own heading, and single facts before them."""
    groups = {name: value for name, value in tree.items() if isinstance(value, Mapping)}
    single = {name: value for name, value in tree.items() if name not in groups}
    parts = [f"<section>{_facts(single)}</section>"] if single else []
    parts += [f"<section><h3>{_words(name)}</h3>{_facts(group)}</section>" for name, group in groups.items()]
    return "\n".join(parts)


def _facts(facts: Mapping[str, Any]) -> str:
    if not facts:
        return f"<p>{NOTHING}</p>"
    rows = "".join(_row(str(name).replace("_", " "), _fact(value)) for name, value in facts.items())
    return f'<table class="facts"><tbody>{rows}</tbody></table>'


def _row(name: str, value: str) -> str:
    return f'<tr><th scope="row">{escape(name)}</th><td>{value}</td></tr>'


def _words(name: object) -> str:
    return escape(str(name).replace("_", " "))


def _fact(value: Any) -> str:
    """A leaf or what is nested in it, as HTML."""
    if isinstance(value, Mapping):
        return _facts(value) if value else NOTHING
    if isinstance(value, (list, tuple)):
        return "<br>".join(_inline(item) for item in value) if _nested(value) else _inline(value)
    return _inline(value)


def _nested(values: Sequence[Any]) -> bool:
    return any(isinstance(value, Mapping) for value in values)


def _inline(value: Any) -> str:
    """A leaf, or what is too deep for a table of its own, on one line."""
    if isinstance(value, Mapping):
        return " · ".join(f"{_words(name)} {_inline(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_inline, value)) or NOTHING
    if isinstance(value, (bool, type(None))):
        return {True: "yes", False: "no", None: NOTHING}[value]
    if isinstance(value, (int, float)):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
    return escape(value)
