"""The whole run: models made, peers measured, one JSON file and one table for each model."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgeword_bench.machine import moment
from peers.environment import environment
from peers.interleaving import Row, measure, median, median_interval
from peers.models import MODELS, prepare
from peers.own_figures import own_figures
from peers.table import PEERS
from peers.task import PROMPT_WORDS, QUESTIONS, STEP_WORDS, WINDOW, WINDOW_WORDS

RESULTS = Path(__file__).resolve().parents[1] / "results"

NOTES = (
    (
        f"A time is that of the whole call over its words, the prompt of {PROMPT_WORDS} tokens read in it; "
        "the median over the turns, with the order statistics that hold it with at least 95 %."
    ),
    (
        f"Steps say {STEP_WORDS} words in one go. What reads the text again for each word says {WINDOW_WORDS}, which "
        f"fit its window of {WINDOW}; without a window, a word costs more the longer the text."
    ),
    (
        f"Float32 peers said the Keras model's words: the notebook's {WINDOW_WORDS}, and up to {STEP_WORDS} by the "
        "NumPy step. Another word, and there is no time."
    ),
    (
        f"Agreement: the share of {QUESTIONS} prompts of random words that are followed by the Keras model's word. "
        "The weights are random, with words closer to each other than in a trained model."
    ),
    "Ratios of times are medians over the rounds.",
    (
        "Not measured here: a TensorFlow step with its state carried along, LiteRT on the padded window straight from "
        "Keras (its converter refuses the model), torch.compile (no faster than eager in a trial), OpenVINO in int8."
    ),
    "Threads: 1, or null (its own) for as many as TensorFlow takes by itself.",
)


def run(models: Iterable[str] = tuple(MODELS), out: Path = RESULTS) -> None:
    """Measure the models by name and write `peers-NAME.json` for each."""
    out.mkdir(parents=True, exist_ok=True)
    for name in models:
        with tempfile.TemporaryDirectory(prefix="edgeword-peers-") as folder:
            result = measured(name, Path(folder).resolve())
        path = out / f"peers-{name}.json"
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(table(result), f"raw times: {path}", sep="\n", flush=True)


def measured(name: str, folder: Path) -> dict[str, Any]:
    """All that is known of one model."""
    before = moment()
    _report(f"model {name}: writing all files")
    missing = prepare(MODELS[name], folder)
    rows = measure(PEERS, folder, report=_report)
    _report("flatness, cold start")
    return {
        "model": {"name": name, **asdict(MODELS[name])},
        "environment": environment(before),
        "peers": peer_rows(rows),
        "figures": own_figures(rows, folder),
        "notes": [*NOTES, *missing],
    }


def peer_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows for the file."""
    return [
        {
            "name": row.peer.name,
            "library": row.library,
            "threads": row.peer.threads,
            "precision": row.peer.precision,
            "words": row.peer.words,
            "times": row.times,
            "p50_us": median(row.times_us),
            "interval_us": median_interval(row.times_us),
            "cores_busy": median(row.cores_busy),
            "agreement": row.agreement,
            "reason": row.reason,
            "times_us": row.times_us,
        }
        for row in rows
    ]


def table(result: dict[str, Any]) -> str:
    """The peers, fastest first, then the figures, as text."""
    model = result["model"]
    lines = [
        (
            f"\nmodel {model['name']}: vocabulary {model['vocabulary']:,}, embedding {model['embedding']}, "
            f"LSTM {model['units']}"
        )
    ]
    lines += map(_peer_line, sorted(result["peers"], key=lambda row: row["p50_us"] or float("inf")))
    figures = result["figures"]
    lines += [f"  {row['what']}, {row['below']}: {_number(row['ratio'])}" for row in figures["time_ratios"]]
    lines += [f"  size, {row['what']}: {_number(row['ratio'])}" for row in figures["size_ratios"]]
    for key, what in (("flatness", "words 1,000 to 1,100 over words 10 to 110"), ("cold_start", "cold start")):
        lines += [f"  {what}, {engine}: {_number(found['ratio'])}" for engine, found in figures[key].items()]
    return "\n".join([*lines, *(f"  {note}" for note in result["notes"][len(NOTES) :])])


def _peer_line(row: dict[str, Any]) -> str:
    if row["p50_us"] is None:
        return f"  {row['name']:<62} {row['reason']}"
    low, high = row["interval_us"] or (float("nan"), float("nan"))
    agreement = "exact" if row["agreement"] is None else f"{row['agreement']:.1%}"
    return f"  {row['name']:<62}{row['p50_us']:>11,.1f} µs  [{low:,.1f}, {high:,.1f}]  {agreement}"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.3f}"


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
