"""How a word's cost grows with the vocabulary, the units, the layers, the window and the threads.

    python benchmarks/scaling.py [--out benchmarks/results/scaling.json]

Stacked LSTMs with random weights, written as step graphs, run by edgeword's decoders. One size is varied at a time, the
others stay at those of `Size`. All engines, precisions and thread counts of a size take turns.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
from keras import layers

from edgeword.decoding import Decoder, decoder_factory
from edgeword.engines import ENGINES
from edgeword.manifest import FORMAT_VERSION, Decode, FileEntry, FirstWord, Manifest, SelfTest, State, Window
from edgeword.padding import Padding
from edgeword_bench import machine
from edgeword_bench.percentiles import percentile
from edgeword_bench.sitting import no_garbage_collection, warm_up
from edgeword_export.keras_model import inspect_model
from edgeword_export.step_graph import StepModel
from peers.models import written

ROUNDS, TURN_S, FEWEST_WORDS = 11, 0.03, 8


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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scaling.json"))
    out = parser.parse_args().out
    before = machine.moment()
    sweeps = {name: sweep(name, *values) for name, values in SWEEPS.items()}
    facts, state = machine.machine(), machine.meanwhile(before, machine.moment())
    environment = {
        "machine": facts,
        "state": dataclasses.asdict(state),
        "warnings": machine.doubts(facts, state, threads=2),
        "versions": machine.versions(),
        "defaults": dataclasses.asdict(Size()),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"environment": environment, "sweeps": sweeps}, indent=1) + "\n", encoding="utf-8")
    print(f"raw times: {out}")


def sweep(name: str, values: Sequence[int], threads: Sequence[int]) -> list[dict[str, Any]]:
    """One line of points for each engine, precision and number of threads."""
    lines: dict[tuple[str, str, int], dict[str, Any]] = {}
    for value in values:
        print(f"{name} {value:,}", file=sys.stderr)
        for key, times in measured(Size(**{name: value}), threads).items():
            engine, precision, count = key
            line = lines.setdefault(
                key, {"engine": engine, "precision": precision, "threads": count, "x": [], "p50_us": [], "times_us": []}
            )
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


def measured(size: Size, threads: Sequence[int]) -> dict[tuple[str, str, int], list[float]]:
    """Microseconds a word, one value a turn, for each engine, precision and number of threads."""
    ways = dict(decoders(size, threads))
    words = {key: _words_a_turn(decoder, size) for key, decoder in ways.items()}
    times: dict[tuple[str, str, int], list[float]] = {key: [] for key in ways}
    with no_garbage_collection():
        for number in range(ROUNDS):
            for key in random.Random(number).sample(list(ways), len(ways)):  # noqa: S311 (no secret)
                times[key].append(float(np.median(_words_us(ways[key], size, words[key]))))
    return times


def _words_a_turn(decoder: Decoder, size: Size) -> int:
    seconds, _ = warm_up(lambda count: _words_us(decoder, size, count))
    return max(FEWEST_WORDS, int(TURN_S / seconds))


def _words_us(decoder: Decoder, size: Size, count: int) -> list[float]:
    # Longer than any window, so that a window is full of words.
    decoder.begin([number % (size.vocabulary - 1) + 1 for number in range(size.window or 1)])
    stamps = [time.perf_counter()]
    for _ in range(count):
        token, _ = decoder.predict()
        decoder.push(token)
        stamps.append(time.perf_counter())
    return (np.diff(stamps) * 1e6).tolist()


def decoders(size: Size, threads: Sequence[int]) -> Iterator[tuple[tuple[str, str, int], Decoder]]:
    """The model of a size on every engine, in every precision."""
    source = inspect_model(random_model(size))
    step = StepModel(source)
    states = tuple(State(state.name, state.start.shape, (0.0,)) for state in step.states)
    manifest = manifest_of(size, states)
    for kind in ENGINES.values():
        for precision, content in written(lambda style: StepModel(source, style).signatures(), kind.format).items():
            for count in threads:
                yield (kind.name, precision, count), decoder_factory(kind.open(content, count), manifest)()


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


def manifest_of(size: Size, states: tuple[State, ...]) -> Manifest:
    """What a decoder reads of a manifest; the rest is empty."""
    mode = "step" if size.window is None else "window"
    return Manifest(
        format_version=FORMAT_VERSION,
        name="scaling",
        created="",
        edgeword_version="",
        vocabulary=size.vocabulary,
        decode=Decode(mode, "step", "", None),
        window=Window(size.window, Padding(), masked=False),
        state=states,
        empty_prompt=FirstWord(1, 0.0),
        tokenizer=FileEntry("", 0, ""),
        files=(),
        variants=(),
        training={},
        evaluation={},
        self_test=SelfTest((), (), ()),
    )


if __name__ == "__main__":
    main()
