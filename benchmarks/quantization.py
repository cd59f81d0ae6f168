"""Size, latency and perplexity of every variant of a bundle over a long text: the table and picture of the docs.

    python benchmarks/quantization.py RUN BUNDLE [TEXT] [--words 20000] [--picture FILE.png]

The Keras model of RUN and each variant of BUNDLE read the same lines, word by word: TEXT, or what RUN held out.
Perplexity is over the words of the vocabulary; top-1 is the share of positions with the Keras model's most probable
word. Latency is the median over rounds in which all variants take their turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import edgeword
from edgeword.decoding import logprob_of
from edgeword.engines import ENGINES
from edgeword.manifest import Variant
from edgeword_export.keras_model import inspect_model, load_keras
from edgeword_train import load_run
from edgeword_train.text_files import read_texts

ROUNDS, WORDS = 9, 200
PROMPT = "the"


@dataclass(frozen=True)
class Row:
    """One variant, measured."""

    variant: Variant
    perplexity: float
    top1: float
    us_per_word: float


def main() -> None:
    """Measure, print a Markdown table, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("text", nargs="?")
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    run = load_run(arguments.run)
    lines = [run.tokenizer.encode(line) for line in read_texts([arguments.text])] if arguments.text else run.held_out
    texts = first_words(lines, arguments.words)
    best, keras_perplexity = keras_answers(run.model_path, texts, run.tokenizer.oov_id)
    rows = measured(arguments.bundle, texts, best)
    print(table(rows, keras_perplexity, sum(map(len, texts))))
    if arguments.picture:
        draw(rows, keras_perplexity, arguments.picture)


def first_words(texts: Iterable[Sequence[int]], words: int) -> list[list[int]]:
    """Whole lines of at least two tokens, as many as hold the wanted number of words."""
    kept: list[list[int]] = []
    for text in texts:
        if sum(map(len, kept)) >= words:
            break
        if len(text) > 1:
            kept.append(list(text))
    return kept


def keras_answers(model: Path, texts: list[list[int]], oov_id: int | None) -> tuple[list[np.ndarray], float]:
    """The Keras model's most probable words at each position, and its perplexity."""
    source = inspect_model(load_keras(model))
    best, logprobs = [], []
    for text in texts:
        answers = source.sequence_logprobs(text[:-1])
        best.append(answers.argmax(-1))
        logprobs += [float(row[target]) for row, target in zip(answers, text[1:], strict=True) if target != oov_id]
    return best, float(np.exp(-np.mean(logprobs)))


def measured(bundle: Path, texts: list[list[int]], best: list[np.ndarray]) -> list[Row]:
    """Every variant's fidelity, then all latencies in turn."""
    engines = {kind.format: kind.name for kind in ENGINES.values()}
    variants = edgeword.Bundle(bundle).manifest.variants
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = {v.file: edgeword.load(bundle, engines[v.format], v.precision) for v in variants}
    times: dict[str, list[float]] = {file: [] for file in models}
    for _ in range(ROUNDS):
        for file, lm in models.items():
            started = time.perf_counter()
            lm.generate(PROMPT, WORDS)
            times[file].append((time.perf_counter() - started) * 1e6 / WORDS)
    return [Row(v, *fidelity(models[v.file], texts, best), statistics.median(times[v.file])) for v in variants]


def fidelity(lm: edgeword.LanguageModel, texts: list[list[int]], best: list[np.ndarray]) -> tuple[float, float]:
    """Perplexity and top-1 agreement of one variant."""
    decoder, logprobs, same = lm.decoder(), [], 0
    for text, expected in zip(texts, best, strict=True):
        decoder.begin(text[:1])
        for target, word in zip(text[1:], expected, strict=True):
            decoder.predict()
            logits = decoder.logits()
            same += int(logits.argmax()) == word
            if target != lm.tokenizer.oov_id:
                logprobs.append(logprob_of(logits, target))
            decoder.push(target)
    return float(np.exp(-np.mean(logprobs))), same / sum(map(len, best))


def table(rows: list[Row], keras_perplexity: float, words: int) -> str:
    """A Markdown table."""
    lines = [
        f"Keras: perplexity {keras_perplexity:.3f} over {words:,} words.",
        "",
        "| format | precision | size | of float32 | perplexity | change | top-1 | µs a word |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    whole = {row.variant.format: row.variant.size for row in rows if row.variant.precision == "float32"}
    for row in rows:
        variant = row.variant
        lines.append(
            f"| {variant.format} | `{variant.precision}` | {variant.size / 1e6:.2f} MB "
            f"| {variant.size / whole[variant.format]:.3f} | {row.perplexity:.3f} "
            f"| {(row.perplexity / keras_perplexity - 1) * 100:+.3f} % | {row.top1:.1%} | {row.us_per_word:,.0f} |"
        )
    return "\n".join(lines)


def draw(rows: list[Row], keras_perplexity: float, path: Path) -> None:
    """Size against latency, the change of the perplexity written beside each point."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 5.2), dpi=130)
    for file_format, marker, colour in (("tflite", "o", "#1f6fb4"), ("onnx", "s", "#c8531c")):
        chosen = [row for row in rows if row.variant.format == file_format]
        label = {"tflite": "TFLite in LiteRT", "onnx": "ONNX in ONNX Runtime"}[file_format]
        sizes = [row.variant.size / 1e6 for row in chosen]
        axes.scatter(sizes, [row.us_per_word for row in chosen], s=60, marker=marker, color=colour, label=label)
        for row, size in zip(chosen, sizes, strict=True):
            change = (row.perplexity / keras_perplexity - 1) * 100
            below = row.variant.precision in ("dynamic-int8-per-tensor", "static-int8")
            axes.annotate(
                f"{row.variant.precision}  {change:+.2f} %",
                (size, row.us_per_word),
                xytext=(8, -12 if below else 5),
                textcoords="offset points",
                fontsize=8,
                color=colour,
            )
    axes.set(xscale="log", yscale="log", xlabel="size of the file, MB", ylabel="µs a word, one thread")
    axes.set_xlim(right=max(row.variant.size for row in rows) / 1e6 * 2.2)
    axes.set_title("Each variant, with the change of its perplexity against Keras")
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
