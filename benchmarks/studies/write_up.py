"""From the results to `docs/benchmarks.md` and its pictures.

    python -m studies.write_up [--results benchmarks/results] [--docs docs]

`make benchmark` runs it last. Nothing is measured here; a result that is missing leaves its section out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeword_bench import Report
from edgeword_bench.report.columns import plain
from edgeword_bench.report.drawing import Look, png
from edgeword_bench.report.pictures import Series, distributions, growth, positions, size_and_time
from edgeword_bench.report.tables import machine_line, markdown_table
from studies.asking.columns import COLUMNS
from studies.peers.columns import PEER_COLUMNS, by_time
from studies.targets import ahead_of_edgeword, target_lines

MODELS = ("A", "B", "C")
Json = dict[str, Any]


def main() -> None:
    """Write the page and the pictures."""
    parser = argparse.ArgumentParser(prog="studies.write_up", description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    pictures = given.docs / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, picture in drawn(given.results):
        (pictures / f"{name}.png").write_bytes(png(picture))
    (given.docs / "benchmarks.md").write_text(page(given.results), encoding="utf-8")


def page(results: Path) -> str:
    """All sections for which there are results."""
    peers = {name: found for name in MODELS if (found := _read(results / f"peers-{name}.json"))}
    shared = _shared_notes(peers)
    sections = [
        _HEAD,
        *(target_lines(peers) if peers else []),
        *(("## The same words, said by others\n", *(f"- {note}" for note in shared), "") if peers else []),
        *(line for name, found in peers.items() for line in _peers(name, found, shared)),
        *(_not_ahead(peers) if peers else []),
        *(_asking(found) if (found := _read(results / "asking.json")) else []),
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


def _shared_notes(peers: Mapping[str, Json]) -> list[str]:
    first, *others = (found["notes"] for found in peers.values()) if peers else ([],)
    return [note for note in first if all(note in notes for notes in others)]


def _peers(name: str, found: Json, shared: Sequence[str]) -> Iterator[str]:
    sizes = found["model"]
    yield (
        f"### Model {name}: vocabulary {sizes['vocabulary']:,}, embedding {sizes['embedding']}, LSTM {sizes['units']}\n"
    )
    yield from markdown_table(PEER_COLUMNS, by_time(found["peers"]))
    yield ""
    yield from (f"- {note}" for note in found["notes"] if note not in shared)
    yield from _where(found["environment"])


def _not_ahead(peers: Mapping[str, Json]) -> Iterator[str]:
    yield "## Where edgeword is not ahead\n"
    found = [line for name, result in peers.items() for line in ahead_of_edgeword(name, result)]
    yield from found or ["Nowhere in these tables."]
    yield ""


def _where(environment: Json) -> Iterator[str]:
    """The machine, and what was not as it should be."""
    yield f"\n{machine_line(environment)}\n"
    yield from (f"**Warning:** {line}.\n" for line in environment.get("warnings", ()))


def _asking(found: Json) -> Iterator[str]:
    yield "## What else is asked for\n"
    yield from markdown_table(COLUMNS, found["rows"])
    yield (
        "\nMedians over fresh processes, in which the ways of an engine take turns; a text that was not the one of its "
        "prompt alone, or not the notebook's, has no time. W is model B as a notebook trains it: windows of 23, padded "
        "and unmasked. `dynamic-int8` in ONNX Runtime continues texts one by one: see [generating.md](generating.md). "
        "In bold: not reached."
    )
    yield from _where(found["environment"])


_SIZES = {"vocabulary": "words in the vocabulary", "units": "units", "layers": "layers", "window": "window, tokens"}
_LINES = (
    plain("varied", lambda row: f"{row['name']} {row['x'][0]:,} to {row['x'][-1]:,}"),
    plain("engine", lambda row: row["engine"]),
    plain("precision", lambda row: row["precision"]),
    plain("threads", lambda row: str(row["threads"])),
    plain("µs a word", lambda row: ", ".join(f"{us:,.0f}" for us in row["p50_us"])),
    plain("exponent", lambda row: f"{row['exponents']['all']:.2f}"),
    plain("at the end", lambda row: f"{row['exponents']['end']:.2f}"),
)


def _scaling(found: Json) -> Iterator[str]:
    defaults = ", ".join(f"{key} {value:,}" for key, value in found["environment"]["defaults"].items() if value)
    yield "## How a word's cost grows\n"
    yield (
        f"One size is varied, the others stay at {defaults}; decode mode `step`, but for the window, which is replayed "
        "through the step graph. The exponent is the k of time ~ size^k: over the whole range, and between the last "
        "two points.\n"
    )
    yield from markdown_table(
        _LINES, [{"name": name, **line} for name, sweep in found["sweeps"].items() for line in sweep]
    )
    yield ""
    yield from (f"![Time a word against {_SIZES[name]}](pictures/scaling-{name}.png)" for name in found["sweeps"])
    yield from _where(found["environment"])


_CLOCKS = (
    plain("variant", lambda row: row["name"]),
    plain("p50 of `edgeword benchmark`", lambda row: f"{row['benchmark_us']:,.1f}", "µs"),
    plain("`timeit` of the same stream", lambda row: f"{row['timeit_us']:,.1f}"),
    plain("ratio", lambda row: f"{row['ratio']:.3f}"),
)


def _trust(found: Json) -> Iterator[str]:
    yield "## How far the benchmark itself can be trusted\n"
    yield from markdown_table(_CLOCKS, [{"name": name, **row} for name, row in found["p50"].items()])
    yield (
        f"\nOf {found['comparisons']} comparisons of a benchmark with itself, {found['with_a_false_verdict']} said "
        f"`slower` or `faster` of some variant; {found['slower_than_5_percent']} would have failed "
        f"`--fail-if-slower 5%`. The medians differed by a factor of {found['smallest_ratio']:.2f} to "
        f"{found['largest_ratio']:.2f}. The tests count the false alarms of simulated benchmarks.\n"
    )
    yield from _where(found["environment"])


def drawn(results: Path) -> Iterator[tuple[str, Any]]:
    """Each picture with its name."""
    demo = results / "demo.json"
    if demo.exists():
        report = Report.from_json(demo.read_text(encoding="utf-8"))
        yield "benchmark-size", size_and_time(report)
        yield "benchmark-distributions", distributions(report)
        yield "benchmark-positions", positions(report)
    scaling = _read(results / "scaling.json")
    for name, sweep in (scaling or {"sweeps": {}})["sweeps"].items():
        yield (
            f"scaling-{name}",
            growth(list(map(_series, sweep)), f"growth with the {name}", _SIZES[name], "µs a word, p50"),
        )


# A colour and a mark for each; more threads are dashed.
_COLOURS = {
    ("litert", "float32"): 0,
    ("onnx", "float32"): 1,
    ("litert", "dynamic-int8"): 2,
    ("onnx", "dynamic-int8"): 3,
}


def _series(line: Json) -> Series:
    many = line["threads"] > 1
    name = f"{line['engine']} {line['precision']}" + (f", {line['threads']} threads" if many else "")
    look = Look(_COLOURS[line["engine"], line["precision"]], int(many))
    return Series(name, line["x"], line["p50_us"], look)


if __name__ == "__main__":
    main()
