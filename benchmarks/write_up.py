"""From the results to `docs/benchmarks.md` and its pictures.

    python benchmarks/write_up.py [--results benchmarks/results] [--docs docs]

`make benchmark` runs it last. Nothing is measured here; a result that is missing leaves its section out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeword.engines import ENGINES
from edgeword_bench import Report
from edgeword_bench.charts import distributions, positions, scatter
from edgeword_bench.lines import Series, lines
from edgeword_bench.tables import machine_line

MODELS = ("A", "B", "C")
_PIXELS_PER_POINT = 2
Json = dict[str, Any]


def main() -> None:
    """Write the page and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    pictures = given.docs / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, svg in drawn(given.results):
        (pictures / f"{name}.png").write_bytes(rasterised(svg))
    (given.docs / "benchmarks.md").write_text(page(given.results), encoding="utf-8")


def page(results: Path) -> str:
    """All sections for which there are results."""
    peers = {name: found for name in MODELS if (found := _read(results / f"peers-{name}.json"))}
    sections = [
        _HEAD,
        *(_targets(peers) if peers else []),
        *(_method(peers) if peers else []),
        *(line for name, found in peers.items() for line in _peers(name, found, _shared_notes(peers))),
        *(_not_ahead(peers) if peers else []),
        *(_scaling(found) if (found := _read(results / "scaling.json")) else []),
        *(_trust(found) if (found := _read(results / "trust.json")) else []),
    ]
    return "\n".join(sections).rstrip() + "\n"


def _read(path: Path) -> Json | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


_HEAD = """# Benchmarks

Written by `make benchmark` from what it measured. Times are medians on the machine named beside them: read them as
ratios of one run, and measure on yours.
"""


@dataclass(frozen=True)
class Target:
    """A ratio to reach, on some models."""

    what: str
    models: Sequence[str]
    goals: dict[str, float]
    """Model → the ratio to reach."""
    is_at_least: bool
    found: Callable[[Json, str], float | None]
    """(figures, engine) → the ratio that was measured."""


def _time(what: str) -> Callable[[Json, str], float | None]:
    def found(figures: Json, engine: str) -> float | None:
        rows = [row for row in figures["time_ratios"] if row["what"] == what and f" {engine}" in row["below"]]
        return rows[0]["ratio"] if rows else None

    return found


def _size(what: str) -> Callable[[Json, str], float | None]:
    def found(figures: Json, engine: str) -> float | None:
        rows = [row for row in figures["size_ratios"] if row["what"] == f"{what}, {ENGINES[engine].format}"]
        return rows[0]["ratio"] if rows else None

    return found


def _own(name: str) -> Callable[[Json, str], float | None]:
    return lambda figures, engine: figures[name][engine]["ratio"]


TARGETS = (
    Target(
        "the notebook's word over edgeword's, dynamic-int8",
        "AB",
        {"A": 500, "B": 5000},
        True,
        _time("notebook over edgeword"),
    ),
    Target(
        "`generate` over a bare loop, float32",
        "AB",
        {"A": 1.10, "B": 1.25},
        False,
        _time("edgeword over bare loop, float32"),
    ),
    Target(
        "`generate` over a bare loop, dynamic-int8",
        "AB",
        {"A": 1.10, "B": 1.25},
        False,
        _time("edgeword over bare loop, dynamic-int8"),
    ),
    Target("words 1,000 to 1,100 over words 10 to 110", "ABC", dict.fromkeys(MODELS, 1.05), False, _own("flatness")),
    Target("a fresh process's word over its imports", "ABC", dict.fromkeys(MODELS, 1.3), False, _own("cold_start")),
    Target("float32's time over dynamic-int8's", "A", {"A": 5}, True, _time("float32 over dynamic-int8")),
    Target("dynamic-int8's size over float32's", "A", {"A": 0.27}, False, _size("dynamic-int8 over float32")),
    Target("dynamic-int8's time over int4's", "A", {"A": 1}, True, _time("dynamic-int8 over int4")),
    Target("int4's size over dynamic-int8's", "A", {"A": 0.70}, False, _size("int4 over dynamic-int8")),
)


def _targets(peers: dict[str, Json]) -> Iterator[str]:
    yield "## What was to be reached\n"
    yield "| ratio | model | goal | LiteRT | ONNX Runtime |\n| --- | --- | --- | --- | --- |"
    for target in TARGETS:
        for model in target.models:
            if model in peers:
                cells = [_against(target, model, peers[model]["figures"], engine) for engine in ENGINES]
                sign = "≥" if target.is_at_least else "≤"
                yield f"| {target.what} | {model} | {sign} {_ratio(target.goals[model])} | {' | '.join(cells)} |"
    yield "\nIn bold: not reached.\n"


def _against(target: Target, model: str, figures: Json, engine: str) -> str:
    ratio, goal = target.found(figures, engine), target.goals[model]
    if ratio is None:
        return "not measured"
    reached = ratio >= goal if target.is_at_least else ratio <= goal
    return _ratio(ratio) if reached else f"**{_ratio(ratio)}**"


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _method(peers: dict[str, Json]) -> Iterator[str]:
    yield "## The same words, said by others\n"
    yield from (f"- {note}" for note in _shared_notes(peers))
    yield ""


def _shared_notes(peers: dict[str, Json]) -> list[str]:
    first, *others = (found["notes"] for found in peers.values())
    return [note for note in first if all(note in notes for notes in others)]


def _peers(name: str, found: Json, shared: Sequence[str]) -> Iterator[str]:
    sizes = found["model"]
    yield (
        f"### Model {name}: vocabulary {sizes['vocabulary']:,}, embedding {sizes['embedding']}, LSTM {sizes['units']}\n"
    )
    yield "| way | library | threads | words | µs a word (95 %) | over the fastest |"
    yield "| --- | --- | --- | --- | --- | --- |"
    rows = sorted(found["peers"], key=lambda row: row["p50_us"] or float("inf"))
    for row in rows:
        yield _peer(row, rows[0]["p50_us"])
    yield ""
    yield from (f"- {note}" for note in found["notes"] if note not in shared)
    yield from _where(found["environment"])


def _peer(row: Json, fastest: float) -> str:
    threads = row["threads"] or "its own"
    words = "the same" if row["agreement"] is None else f"{row['agreement']:.0%} agree"
    head = f"| {_own_bold(row['name'])} | {row['library'] or '-'} | {threads} | "
    if row["p50_us"] is None:
        return f"{head}- | not measured: {row['reason']} | - |"
    interval = "" if row["interval_us"] is None else " ({:,.1f}-{:,.1f})".format(*row["interval_us"])
    return f"{head}{words} | {row['p50_us']:,.1f}{interval} | {_ratio(row['p50_us'] / fastest)} |"


def _own_bold(name: str) -> str:
    return f"**{name}**" if name.startswith("edgeword") else name


def _not_ahead(peers: dict[str, Json]) -> Iterator[str]:
    yield "## Where edgeword is not ahead\n"
    found = [line for name, result in peers.items() for line in ahead_of_edgeword(name, result)]
    yield from found or ["Nowhere in these tables."]
    yield ""


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
    first, second = a["interval_us"], b["interval_us"]
    return bool(first and second and first[0] <= second[1] and second[0] <= first[1])


def _where(environment: Json) -> Iterator[str]:
    """The machine, and what was not as it should be."""
    yield f"\n{machine_line(environment)}\n"
    yield from (f"**Warning:** {line}.\n" for line in environment.get("warnings", ()))


_SIZES = {"vocabulary": "words in the vocabulary", "units": "units", "layers": "layers", "window": "window, tokens"}


def _scaling(found: Json) -> Iterator[str]:
    defaults = ", ".join(f"{key} {value:,}" for key, value in found["environment"]["defaults"].items() if value)
    yield "## How a word's cost grows\n"
    yield (
        f"One size is varied, the others stay at {defaults}; decode mode `step`, but for the window, which is replayed "
        "through the step graph. The exponent is the k of time ~ size^k: over the whole range, and between the last "
        "two points.\n"
    )
    yield "| varied | engine | precision | threads | µs a word | exponent | at the end |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, sweep in found["sweeps"].items():
        for line in sweep:
            times = ", ".join(f"{us:,.0f}" for us in line["p50_us"])
            ends = f"{line['x'][0]:,} to {line['x'][-1]:,}"
            yield (
                f"| {name} {ends} | {line['engine']} | {line['precision']} | {line['threads']} | {times} "
                f"| {line['exponents']['all']:.2f} | {line['exponents']['end']:.2f} |"
            )
    yield ""
    yield from (f"![Time a word against {_SIZES[name]}](pictures/scaling-{name}.png)" for name in found["sweeps"])
    yield from _where(found["environment"])


def _trust(found: Json) -> Iterator[str]:
    yield "## How far the benchmark itself can be trusted\n"
    yield "| variant | p50 of `edgeword benchmark`, µs | `timeit` of the same stream | ratio |"
    yield "| --- | --- | --- | --- |"
    for name, row in found["p50"].items():
        yield f"| {name} | {row['benchmark_us']:,.1f} | {row['timeit_us']:,.1f} | {row['ratio']:.3f} |"
    yield (
        f"\nOf {found['comparisons']} comparisons of a benchmark with itself, {found['with_a_false_verdict']} said "
        f"`slower` or `faster` of some variant; {found['slower_than_5_percent']} would have failed "
        f"`--fail-if-slower 5%`. The medians differed by a factor of {found['smallest_ratio']:.2f} to "
        f"{found['largest_ratio']:.2f}. The tests count the false alarms of simulated benchmarks.\n"
    )
    yield from _where(found["environment"])


def drawn(results: Path) -> Iterator[tuple[str, str]]:
    """Name and SVG of each picture."""
    demo = results / "demo.json"
    if demo.exists():
        report = Report.from_json(demo.read_text(encoding="utf-8"))
        yield "benchmark-size", scatter(report)
        yield "benchmark-distributions", distributions(report)
        yield "benchmark-positions", positions(report)
    scaling = _read(results / "scaling.json")
    for name, sweep in (scaling or {"sweeps": {}})["sweeps"].items():
        yield (
            f"scaling-{name}",
            lines(list(map(_series, sweep)), _SIZES[name], "µs a word, p50", x_log=True, y_log=True),
        )


# Place in the palette.
_COLOURS = {
    ("litert", "float32"): 0,
    ("onnx", "float32"): 1,
    ("litert", "dynamic-int8"): 2,
    ("onnx", "dynamic-int8"): 3,
}


def _series(line: Json) -> Series:
    many = line["threads"] > 1
    name = f"{line['engine']} {line['precision']}" + (f", {line['threads']} threads" if many else "")
    colour = _COLOURS[line["engine"], line["precision"]]
    return Series(name, line["x"], line["p50_us"], colour, "6 4" if many else "")


def rasterised(svg: str) -> bytes:
    """A PNG, drawn on white."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=_PIXELS_PER_POINT, background="white"))


if __name__ == "__main__":
    main()
