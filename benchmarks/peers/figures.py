"""The project's own figures, as ratios within one run: what a word costs here, in a notebook, and on a bare engine.

    python benchmarks/peers/figures.py [--out benchmarks/results/figures.json]

Two models with random weights, of the sizes A (10,000 words, 96, 512 units) and B (651, 100, 150). All ways are run
in turn, round after round, and a way's time is the median over its rounds; words are compared before any time counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="edgeword-figures-")

import keras
import numpy as np
from keras import layers

import edgeword
from edgeword.tokenizer import Tokenizer
from edgeword_export.calibration import Calibration
from edgeword_export.exporting import export
from edgeword_export.formats import writer
from edgeword_export.keras_model import inspect_model
from edgeword_export.signature import Style
from edgeword_export.step_graph import StepModel

MODELS = {"A": (10_000, 96, 512), "B": (651, 100, 150)}
WINDOW, PROMPT_WORDS, NOTEBOOK_WORDS = 20, 3, 12
ROUNDS, WORDS = 9, 200
ENGINE_IMPORTS = {"litert": "ai_edge_litert.interpreter", "onnx": "onnxruntime"}

Loop = Callable[[int], list[int]]
"""Generates so many words after the prompt and returns their ids."""


def main() -> None:
    """Measure both models, print the ratios and write the raw times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/figures.json"))
    out = parser.parse_args().out
    results: dict[str, Any] = {"environment": environment(), "models": {}}
    for name, sizes in MODELS.items():
        with tempfile.TemporaryDirectory(prefix="edgeword-figures-") as folder:
            results["models"][name] = measure(name, sizes, Path(folder))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"raw times: {out}")


def measure(name: str, sizes: tuple[int, int, int], folder: Path) -> dict[str, Any]:
    """All ways on one model."""
    model = random_model(*sizes)
    tokenizer = Tokenizer.fit([" ".join(f"w{number}" for number in range(1, sizes[0]))])
    model.save(folder / "model.keras")
    (folder / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
    bundle = folder / "bundle"
    export(folder / "model.keras", bundle, tokenizer=folder / "tokenizer.json", precisions=["all"])
    prompt = tokenizer.decode(range(5, 5 + PROMPT_WORDS))
    ids = tokenizer.encode(prompt)
    loops, expected, ways = {}, notebook(model, ids, NOTEBOOK_WORDS), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = {
            (variant.format, variant.precision): edgeword.load(bundle, engine, variant.precision)
            for variant in edgeword.Bundle(bundle).manifest.variants
            for engine in [{"tflite": "litert", "onnx": "onnx"}[variant.format]]
        }
    for (file_format, precision), lm in loaded.items():
        loops[f"edgeword {file_format} {precision}"] = lambda n, lm=lm: list(lm.generate(prompt, n).ids)
        if precision in ("float32", "dynamic-int8"):
            ways[f"bare {file_format} {precision}"] = bare(file_format, precision, model, ids)
    loops |= ways
    for way, loop in loops.items():
        if "float32" in way and loop(NOTEBOOK_WORDS) != expected:
            raise SystemExit(f"{way} says other words than the notebook: no time counts")
    times = interleaved(loops)
    times["notebook"] = [timed(lambda n: notebook(model, ids, n), NOTEBOOK_WORDS) for _ in range(3)]
    row = {
        "times_us": times,
        "flatness": flatness(loaded["tflite", "float32"], prompt),
        "cold_start": {engine: cold_start(bundle, engine, module) for engine, module in ENGINE_IMPORTS.items()},
        "sizes": {variant.file: variant.size for variant in edgeword.Bundle(bundle).manifest.variants},
    }
    report(name, row)
    return row


def random_model(vocabulary: int, embedding: int, units: int) -> keras.Model:
    """The notebook's model, of any length, its padding masked; large weights, so that words differ."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(vocabulary, embedding, mask_zero=True),
            layers.LSTM(units),
            layers.Dense(vocabulary, activation="softmax"),
        ]
    )
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        gain = 3.0 if weight.shape[-1] == vocabulary else 1.0
        weight.assign(random.normal(0, gain / np.sqrt(weight.shape[0] if weight.ndim > 1 else 1), weight.shape))
    model.layers[0].embeddings.assign(random.normal(0, 1, (vocabulary, embedding)))
    return model


def notebook(model: keras.Model, prompt: list[int], words: int) -> list[int]:
    """`pad_sequences`, `model.predict`, argmax, for each word."""
    ids = list(prompt)
    for _ in range(words):
        padded = keras.utils.pad_sequences([ids], maxlen=WINDOW, padding="pre")
        ids.append(int(model.predict(padded, verbose=0)[0].argmax()))
    return ids[len(prompt) :]


def bare(file_format: str, precision: str, model: keras.Model, prompt: list[int]) -> Loop:
    """A plain loop over the engine's public interface: set the inputs, invoke, get the outputs."""
    source = inspect_model(model)

    def only_step(style: Style) -> list[Any]:
        return StepModel(source, Style(style.int8_rows, greedy=False)).signatures()[:1]

    content = writer(file_format, only_step, Calibration(only_step, [], edgeword_window(), [])).write(precision)
    run, start = (litert_step if file_format == "tflite" else onnx_step)(content)

    def loop(words: int) -> list[int]:
        states, found = start(), []
        for token in prompt[:-1]:
            _, states = run(token, states)
        token = prompt[-1]
        for _ in range(words):
            logits, states = run(token, states)
            token = int(logits.argmax())
            found.append(token)
        return found

    return loop


def edgeword_window() -> Any:
    """A window that no one asks for."""
    from edgeword.manifest import Window
    from edgeword.padding import Padding

    return Window(None, Padding(), masked=True)


def litert_step(content: bytes) -> tuple[Callable[..., Any], Callable[[], Any]]:
    """One step through `set_tensor`, `invoke`, `get_tensor`."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    names = interpreter._get_full_signature_list()["step"]
    inputs, outputs = names["inputs"], names["outputs"]
    states = [key for key in inputs if key != "token"]
    shapes = {detail["index"]: detail["shape"] for detail in interpreter.get_input_details()}

    def run(token: int, values: list[Any]) -> tuple[Any, list[Any]]:
        interpreter.set_tensor(inputs["token"], np.array([token], np.int32))
        for key, value in zip(states, values, strict=True):
            interpreter.set_tensor(inputs[key], value)
        interpreter.invoke()
        logits = interpreter.get_tensor(outputs["logits"])
        return logits, [interpreter.get_tensor(outputs[f"next_{key}"]) for key in states]

    return run, lambda: [np.zeros(shapes[inputs[key]], np.float32) for key in states]


def onnx_step(content: bytes) -> tuple[Callable[..., Any], Callable[[], Any]]:
    """One step through `session.run`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    states = {item.name: item.shape for item in session.get_inputs() if item.name != "token"}
    names = ["logits", *(f"next_{name}" for name in states)]

    def run(token: int, values: list[Any]) -> tuple[Any, list[Any]]:
        feeds = {"token": np.array([token], np.int32), **dict(zip(states, values, strict=True))}
        logits, *after = session.run(names, feeds)
        return logits, after

    return run, lambda: [np.zeros(shape, np.float32) for shape in states.values()]


def interleaved(loops: dict[str, Loop]) -> dict[str, list[float]]:
    """Microseconds a word of each way, round after round."""
    times: dict[str, list[float]] = {way: [] for way in loops}
    for loop in loops.values():
        loop(WORDS // 4)
    for _ in range(ROUNDS):
        for way, loop in loops.items():
            times[way].append(timed(loop, WORDS))
    return times


def timed(loop: Loop, words: int) -> float:
    """Microseconds a word of one run."""
    started = time.perf_counter()
    loop(words)
    return (time.perf_counter() - started) * 1e6 / words


def flatness(lm: edgeword.LanguageModel, prompt: str) -> float:
    """The cost of words 1,000 to 1,100 over that of words 10 to 110, median of the rounds."""
    ratios = []
    for _ in range(ROUNDS):
        stamps = [time.perf_counter() for _ in lm.stream(prompt, 1100)]
        ratios.append((stamps[1099] - stamps[999]) / (stamps[109] - stamps[9]))
    return statistics.median(ratios)


def cold_start(bundle: Path, engine: str, module: str) -> dict[str, list[float]]:
    """Seconds of whole processes: one word, and importing numpy and the engine alone."""
    commands = {
        "generate": [sys.executable, "-m", "edgeword", "generate", str(bundle), "x", "-n", "1", "--engine", engine],
        "imports": [sys.executable, "-c", f"import numpy, {module}"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - started)
    return {name: values[1:] for name, values in seconds.items()}


def report(name: str, row: dict[str, Any]) -> None:
    """The medians and the ratios of one model."""
    median = {way: statistics.median(times) for way, times in row["times_us"].items()}
    print(f"\nmodel {name}: vocabulary {MODELS[name][0]:,}, embedding {MODELS[name][1]}, LSTM {MODELS[name][2]}")
    for way, value in sorted(median.items(), key=lambda item: item[1]):
        print(f"  {way:<38}{value:>12,.1f} µs a word{median['notebook'] / value:>12,.0f} × the notebook")
    for file_format in ("tflite", "onnx"):
        for precision in ("float32", "dynamic-int8"):
            key = f"{file_format} {precision}"
            print(f"  generate over bare loop, {key:<24}{median[f'edgeword {key}'] / median[f'bare {key}']:>8.2f}")
        speed = median[f"edgeword {file_format} float32"] / median[f"edgeword {file_format} dynamic-int8"]
        size = row["sizes"][f"model.dynamic-int8.{file_format}"] / row["sizes"][f"model.float32.{file_format}"]
        print(f"  {file_format} dynamic-int8 over float32: {speed:.1f} × faster, {size:.3f} of the size")
        if f"model.int4.{file_format}" in row["sizes"]:
            speed = median[f"edgeword {file_format} dynamic-int8"] / median[f"edgeword {file_format} int4"]
            size = row["sizes"][f"model.int4.{file_format}"] / row["sizes"][f"model.dynamic-int8.{file_format}"]
            print(f"  {file_format} int4 over dynamic-int8: {speed:.2f} × faster, {size:.3f} of the size")
    print(f"  words 1,000 to 1,100 over words 10 to 110: {row['flatness']:.2f}")
    for engine, seconds in row["cold_start"].items():
        ratio = statistics.median(seconds["generate"]) / statistics.median(seconds["imports"])
        print(f"  one word in a fresh process over its imports, {engine}: {ratio:.2f}")


def environment() -> dict[str, Any]:
    """The machine and the versions."""
    from importlib.metadata import version

    packages = ("edgeword", "numpy", "tensorflow", "keras", "ai-edge-litert", "onnxruntime", "tf2onnx")
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "load_1min": os.getloadavg()[0],
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: version(name) for name in packages},
    }


if __name__ == "__main__":
    main()
