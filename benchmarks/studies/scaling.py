"""How a word's cost grows with the vocabulary, the units, the layers, the window and the threads.

    python -m studies.scaling [--out benchmarks/results/scaling.json]

Stacked LSTMs with random weights, written as step graphs, run by edgeword's decoders. One size is varied at a time, the
others stay at those of `Size`. All engines, precisions and thread counts of a size take turns in the same processes.
"""

from __future__ import annotations

import argparse
import dataclasses
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
import numpy as np
from keras import layers

from edgeword.bundle.spec import Decode, EmptyPrompt, Spec, Window
from edgeword.engines.engine import ENGINES
from edgeword.padding import Padding
from edgeword_bench.measuring import machine
from edgeword_bench.measuring.effort import Effort
from edgeword_bench.measuring.harness import Harness
from edgeword_bench.measuring.subject import Group, Subject
from edgeword_bench.results.percentiles import percentile
from edgeword_export.graphs.graphs import graphs_of
from edgeword_export.source.keras_model import inspect_model
from studies.decoder_subject import subject_of
from studies.machine_facts import environment
from studies.peers.models import written

# Twelve turns, of which a median can be had.
EFFORT = Effort(processes=3, turns=4, words=96, turn_s=0.03, least_s=0.0, most_processes=3)

Way = tuple[str, str, int]
"""Engine, precision, threads."""


@dataclass(frozen=True)
class Size:
    """One model and how it is run."""

    vocabulary: int = 10_000
    units: int = 256
    layers: int = 1
    window: int | None = None
    """None: decode mode `step`. A length: `window`, replayed through the step graph."""
    embedding: int = 128


# What is varied → its values, and the numbers of threads to run them with.
SWEEPS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "vocabulary": ((1_000, 3_000, 10_000, 30_000, 100_000), (1, 2)),
    "units": ((64, 128, 256, 512, 1024, 2048), (1, 2)),
    "layers": ((1, 2, 3, 4), (1,)),
    "window": ((5, 10, 20, 40, 80), (1,)),
}


def main() -> None:
    """Measure every sweep and write the points with their exponents."""
    parser = argparse.ArgumentParser(prog="studies.scaling", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scaling.json"))
    out = parser.parse_args().out
    before = machine.moment()
    sweeps = {name: sweep(name, *values) for name, values in SWEEPS.items()}
    facts = {**environment(before, threads=2), "defaults": dataclasses.asdict(Size())}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"environment": facts, "sweeps": sweeps}, indent=1) + "\n", encoding="utf-8")
    print(f"raw times: {out}")


def sweep(name: str, values: Sequence[int], threads: Sequence[int], effort: Effort = EFFORT) -> list[dict[str, Any]]:
    """One line of points for each engine, precision and number of threads."""
    lines: dict[Way, dict[str, Any]] = {}
    for value in values:
        print(f"{name} {value:,}", file=sys.stderr)
        for way, times in measured(Size(**{name: value}), threads, effort).items():
            named = dict(zip(("engine", "precision", "threads"), way, strict=True))
            line = lines.setdefault(way, {**named, "x": [], "p50_us": [], "times_us": []})
            found = percentile(times, 50)
            line["x"].append(value)
            line["p50_us"].append(found.value if found else None)
            line["times_us"].append(times)
    for line in lines.values():
        line["exponents"] = exponents(line["x"], line["p50_us"])
    return list(lines.values())


def exponents(x: Sequence[float], y: Sequence[float]) -> dict[str, float]:
    """The k of y ~ x^k: least squares over all points, and between the last two, where fixed costs weigh least."""
    slope = np.polyfit(np.log(x), np.log(y), 1)[0]
    return {"all": float(slope), "end": float(np.log(y[-1] / y[-2]) / np.log(x[-1] / x[-2]))}


def measured(size: Size, threads: Sequence[int], effort: Effort = EFFORT) -> dict[Way, list[float]]:
    """The median word of each turn, microseconds, for each engine, precision and number of threads."""
    with tempfile.TemporaryDirectory(prefix="edgeword-scaling-") as folder:
        subjects = dict(ways(size, threads, Path(folder)))
        harness = Harness([Group(tuple(subjects.values()))], effort, lambda _line: None)
        harness.run()
    if harness.reasons or harness.failures:
        raise RuntimeError(f"{size} could not be measured: {harness.reasons or harness.failures}")
    return {
        way: [float(np.median(turn.words_us)) for process in harness.times[subject.name] for turn in process.turns]
        for way, subject in subjects.items()
    }


def ways(size: Size, threads: Sequence[int], folder: Path) -> Iterator[tuple[Way, Subject]]:
    """The model of a size on every engine, in every precision, written into the folder."""
    source, window = inspect_model(random_model(size)), Window(size.window, Padding(), masked=False)
    graphs = graphs_of(source, window, windowed=False)
    decode = Decode("step" if size.window is None else "window", "step")
    spec = Spec(size.vocabulary, decode, window, graphs.states, EmptyPrompt((1,), (0.0,)))
    for engine in ENGINES.values():
        for precision, content in written(graphs.signatures, engine.format).items():
            file = folder / f"{precision}.{engine.format}"
            file.write_bytes(content)
            for count in threads:
                name = f"{engine.name} {precision} {count}"
                yield (engine.name, precision, count), subject_of(name, file, engine.name, count, spec)


def random_model(size: Size) -> keras.Model:
    """Embedding, LSTMs, softmax."""
    keras.utils.set_random_seed(0)
    recurrent = [layers.LSTM(size.units, return_sequences=number + 1 < size.layers) for number in range(size.layers)]
    model = keras.Sequential(
        [
            keras.Input((size.window,), dtype="int32"),
            layers.Embedding(size.vocabulary, size.embedding),
            *recurrent,
            layers.Dense(size.vocabulary, activation="softmax"),
        ]
    )
    drawn = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(drawn.normal(0, 1 / np.sqrt(weight.shape[0]), weight.shape))
    return model


if __name__ == "__main__":
    main()
