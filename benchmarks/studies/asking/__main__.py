"""What people ask for beside plain greedy words, as ratios of one run.

    python -m studies.asking [--out benchmarks/results/asking.json]

Models A and B of `studies.peers`, and W: B's weights as a notebook trains them, on unmasked windows of 23.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras

from edgeword.engines.engine import ENGINES
from edgeword_bench.measuring.effort import Effort
from edgeword_bench.measuring.harness import Harness
from edgeword_bench.measuring.machine import moment
from edgeword_bench.measuring.subject import Group, Subject
from edgeword_bench.report.tables import text_table
from edgeword_bench.results.percentiles import percentile
from edgeword_bench.results.summary import process_medians, times_of
from studies.asking.columns import COLUMNS
from studies.machine_facts import environment
from studies.peers.models import MODELS, STEP_PRECISIONS, notebook_model, random_model, write_bundle
from studies.peers.table import child_environment

WINDOW = 23
# As many processes as a median asks for; a turn is one call.
EFFORT = Effort(processes=11, turns=1, words=11, turn_s=0.0, least_s=0.0, most_processes=13)
_SUBJECTS = "studies.asking.subject"
_NOTEBOOK = "notebook"


@dataclass(frozen=True)
class Ratio:
    """The time of one way over that of another, on some models."""

    what: str
    above: str
    below: str
    models: str
    goals: dict[tuple[str, str], float]
    """(model, precision) → what is to be reached; several texts and the notebook at least, the others at most."""
    is_at_least: bool


RATIOS = (
    Ratio(
        "64 prompts one by one over `generate_many`",
        "one_by_one",
        "side_by_side",
        "ABW",
        {("A", "float32"): 4, ("A", "dynamic-int8"): 3},
        True,
    ),
    Ratio(
        "prompts one by one over two workers' of `bulk`",
        "one_by_one",
        "two_workers",
        "A",
        {("A", precision): 5 for precision in STEP_PRECISIONS},
        True,
    ),
    Ratio(
        "a drawn word over a greedy one",
        "drawn",
        "greedy",
        "AB",
        {(model, precision): goal for model, goal in (("A", 1.25), ("B", 3)) for precision in STEP_PRECISIONS},
        False,
    ),
    Ratio(
        "the notebook's word over a replayed one",
        _NOTEBOOK,
        "one_by_one",
        "W",
        {("W", "float32"): 400, ("W", "dynamic-int8"): 1000},
        True,
    ),
)
_PRESS_US = 50.0


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="studies.asking", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/asking.json"))
    parser.add_argument("--models", default="ABW")
    given = parser.parse_args()
    before, rows = moment(), []
    for model in given.models:
        with tempfile.TemporaryDirectory(prefix="edgeword-asking-") as folder:
            found = list(measured(model, Path(folder).resolve()))
        print(*text_table(COLUMNS, found), sep="\n", flush=True)
        rows += found
    given.out.parent.mkdir(parents=True, exist_ok=True)
    result = {"environment": environment(before, 1, ("keras", "tensorflow")), "rows": rows}
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"raw times: {given.out}")


def measured(name: str, folder: Path, effort: Effort = EFFORT) -> Iterator[dict[str, Any]]:
    """A row for each ratio, engine and precision of a model."""
    _write(name, folder)
    harness = Harness(list(groups(name, folder)), effort, lambda line: print(line, file=sys.stderr, flush=True))
    harness.run()
    if harness.reasons:
        raise RuntimeError(f"model {name} could not be measured: {harness.reasons}")
    medians = {subject: process_medians(times_of(processes)) for subject, processes in harness.times.items()}
    for engine in ENGINES:
        for precision in STEP_PRECISIONS:
            way = {"model": name, "engine": engine, "precision": precision}
            for ratio in RATIOS:
                if name in ratio.models:
                    yield {**way, **_ratio(ratio, medians, name, engine, precision)}
            if name == "A":
                yield {**way, **_press(medians[_named(engine, precision, "pressed")])}


def groups(name: str, folder: Path) -> Iterator[Group]:
    """The ways of an engine take turns in its processes; the notebook has its own, for TensorFlow's sake."""
    bundle, variables = str(folder / "bundle"), child_environment(folder)
    ways = sorted({way for ratio in RATIOS if name in ratio.models for way in (ratio.above, ratio.below)} - {_NOTEBOOK})
    for engine in ENGINES:
        options = {"bundle": bundle, "engine": engine}
        yield Group(
            tuple(
                Subject(
                    _named(engine, precision, way),
                    f"{_SUBJECTS}:AskingSubject",
                    {**options, "precision": precision, "way": way},
                )
                for precision in STEP_PRECISIONS
                for way in [*ways, *(["pressed"] if name == "A" else [])]
            ),
            variables,
        )
    if name == "W":
        options = {"bundle": bundle, "model": str(folder / "model.keras"), "length": WINDOW}
        yield Group((Subject(_NOTEBOOK, f"{_SUBJECTS}:NotebookSubject", options),), variables)


def _write(name: str, folder: Path) -> None:
    sizes = MODELS["B" if name == "W" else name]
    model = random_model(sizes)
    if name == "W":
        weights, model = model.get_weights(), notebook_model(sizes, WINDOW, mask=False)
        model.set_weights(weights)
    keras.Model.save(model, folder / "model.keras")
    failures = write_bundle(sizes, folder, STEP_PRECISIONS)
    if failures:
        raise RuntimeError(f"model {name} could not be exported: {failures}")


def _named(engine: str, precision: str, way: str) -> str:
    return f"{engine} {precision} {way}"


def _ratio(
    ratio: Ratio, medians: dict[str, Sequence[float]], model: str, engine: str, precision: str
) -> dict[str, Any]:
    """Divided process by process, so that a slow moment counts on both sides; the median."""
    above, below = (
        medians[way if way == _NOTEBOOK else _named(engine, precision, way)] for way in (ratio.above, ratio.below)
    )
    ratios = [one / other for one, other in zip(above, below, strict=False)]
    goal = {"goal": ratio.goals.get((model, precision)), "is_at_least": ratio.is_at_least, "unit": ""}
    return {"what": ratio.what, **goal, **_found(ratios), "us": below}


def _press(times: Sequence[float]) -> dict[str, Any]:
    goal = {"goal": _PRESS_US, "is_at_least": False, "unit": "µs"}
    return {"what": "a key press in a session", **goal, **_found(times)}


def _found(values: Sequence[float]) -> dict[str, Any]:
    estimate = percentile(values, 50)
    return {"value": estimate and estimate.value, "interval": estimate and estimate.interval, "values": list(values)}


if __name__ == "__main__":
    main()
