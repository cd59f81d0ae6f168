"""A report as one HTML page that loads nothing and is whole without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from edgeword_bench.report.columns import FIGURES
from edgeword_bench.report.drawing import svg
from edgeword_bench.report.extra import check_report_packages
from edgeword_bench.report.facts import fact_groups
from edgeword_bench.report.figures import NOTHING, figure, megabytes, percent, span
from edgeword_bench.report.pictures import distributions, positions, size_and_time
from edgeword_bench.report.tables import by_speed
from edgeword_bench.results.percentiles import ENOUGH
from edgeword_bench.results.result import Report, Result

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

_TIMED = (
    "A word is timed from text to text: the next word as a string, while a stream of words is read. Each process is a "
    "fresh one, in which every variant is loaded, warmed up, and given its turns, in another order each time, so that "
    "neither a slow moment of the machine nor the luck of one process decides."
)
_PERCENTILES = (
    f"A percentile is given only from enough words: p50 from {ENOUGH[50]}, p90 from {ENOUGH[90]}, p99 from "
    f"{ENOUGH[99]}. The small range below it is a 95 % interval by order statistics, which supposes nothing of how the "
    "times are distributed: for p50 over the medians of the processes; for p90 and p99 over the words, which share the "
    f"luck of their process, so that the truth is wider. What was not measured is shown as {NOTHING}."
)
# Characters that HTML cannot hold, even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Picture:
    """A drawn picture; `words` are for those who do not see it."""

    content: bytes
    words: str
    caption: str

    @property
    def address(self) -> str:
        """The picture itself, as an address that loads nothing."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.content).decode()}"


def page(report: Report) -> str:
    """The whole page; all strings of the report are escaped. Raises MissingReportError."""
    check_report_packages()
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_legal)
    template = environment.from_string(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        name=report.fact("bundle", "name") or "bundle",
        about=_about(report),
        policy=_policy(),
        finding=finding(report),
        setting=_setting(report),
        pictures=_pictures(report),
        columns=FIGURES,
        rows=by_speed(report.results),
        method=(_TIMED, _PERCENTILES),
        facts=fact_groups(report),
        json=_json(report),
        script=_SCRIPT,
    )


def _legal(value: Any) -> Any:
    return _ILLEGAL.sub("\ufffd", value) if type(value) is str else value


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


def _about(report: Report) -> str:
    """What tells the bundle from others of its name."""
    bundle = report.fact("bundle")
    facts: Mapping[str, Any] = bundle if isinstance(bundle, Mapping) else {}
    vocabulary, digest = facts.get("vocabulary"), facts.get("digest")
    parts = (
        f"vocabulary {vocabulary:,}" if isinstance(vocabulary, int) else "",
        ", ".join(f"decode mode {mode}" for mode in dict.fromkeys(row.decode for row in report.results)),
        f"SHA-256 {str(digest)[:12]}…" if digest else "",
    )
    return " · ".join(filter(None, parts))


def finding(report: Report) -> str:
    """The fastest variant in one sentence."""
    measured = by_speed([row for row in report.results if row.p50_us])
    if not measured:
        return "Nothing was measured."
    best, slowest = measured[0], measured[-1]
    speed = f", {figure(best.words_per_s)} words/s" if best.words_per_s else ""
    sentence = (
        f"{best.name} is the fastest: {figure(best.p50_us)} µs a word (p50){speed}, {megabytes(best.size_bytes)} MB, "
        f"perplexity {percent(best.perplexity_increase)}"
    )
    floats = [row for row in measured if row.precision == "float32" and row is not best]
    unquantized = next((row for row in floats if row.engine == best.engine), floats[0] if floats else None)
    faster = [_faster(best, unquantized, "")] if unquantized else []
    if slowest not in (best, unquantized):
        faster.append(_faster(best, slowest, ", the slowest"))
    whole = f"{sentence}; {' and '.join(faster)}." if faster else f"{sentence}."
    return re.sub(" (%|µs|MB)", "\u00a0\\1", whole)


def _faster(best: Result, other: Result, note: str) -> str:
    times = (other.p50_us or 0.0) / (best.p50_us or 1.0)
    return f"{times:,.{0 if times >= 10 else 1}f} times as fast as {other.name}{note}"


def _setting(report: Report) -> str:
    """Where, when and how, as far as it is known."""
    threads = ", ".join(dict.fromkeys(str(row.threads) for row in report.results))
    parts = (
        report.fact("machine", "cpu"),
        threads and f"{threads} thread{'s' if threads != '1' else ''}",
        report.fact("created"),
    )
    return " · ".join(str(part) for part in parts if part)


def _pictures(report: Report) -> list[Picture]:
    tails = [row.p99_us / row.p50_us for row in report.results if row.p99_us and row.p50_us]
    growth = [row.last_over_first for row in report.results if row.last_over_first]
    measured = any(row.p50_us for row in report.results)
    captions = (
        (
            size_and_time,
            "Size of the file against time a word, for each variant.",
            "Lower left is better. The legend has the change of perplexity, from the manifest." if measured else "",
        ),
        (
            positions,
            "Time a word against its place in the text, for each variant.",
            f"The last tenth of a turn takes {span(growth)} times its first tenth." if growth else "",
        ),
        (
            distributions,
            "How the times of the words are distributed, for each variant.",
            f"The p99 is {span(tails)} times the p50." if tails else "",
        ),
    )
    return [Picture(svg(draw(report)), f"{words} {caption}".strip(), caption) for draw, words, caption in captions]
