"""Size, latency and perplexity of every variant of a bundle over a long text: the table and picture of the docs.

    python -m studies.quantization RUN BUNDLE [TEXT] [--words 20000] [--picture FILE.png]

The Keras model of RUN and each variant of BUNDLE read the same lines, word by word: TEXT, or what RUN held out.
Perplexity is over the words of the vocabulary; top-1 is the share of positions with the Keras model's most probable
word. Latency is `edgeword benchmark`'s.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import edgeword
from edgeword.generation.loop import logits_along
from edgeword.probabilities import logprob_of, perplexity
from edgeword.tokenizers.markers import Markers, lines_without
from edgeword_bench import Effort, Report, Result, benchmark
from edgeword_bench.report.columns import COLUMNS, Column, plain
from edgeword_bench.report.drawing import png
from edgeword_bench.report.pictures import size_and_time
from edgeword_bench.report.tables import markdown_table
from edgeword_export.keras_files.reading import load_keras
from edgeword_export.source.keras_model import inspect_model
from edgeword_train import Run, load_run
from edgeword_train.data.text_files import read_texts


def main() -> None:
    """Measure, print a Markdown table, draw."""
    parser = argparse.ArgumentParser(prog="studies.quantization", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("text", nargs="?")
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    run = load_run(arguments.run)
    lines = list(read_as_trained(run, arguments.text)) if arguments.text else run.held_out
    texts = first_words(lines, arguments.words)
    best, keras = keras_answers(run.model_path, texts, run.tokenizer.oov_id)
    report = benchmark(arguments.bundle, effort=Effort(cold_starts=0))
    rows = tuple(faithful(arguments.bundle, report, texts, best, keras))
    print(f"Keras: perplexity {keras:.3f} over {sum(map(len, texts)):,} words.\n")
    print(*markdown_table(columns(rows), rows), *report.warnings, sep="\n")
    if arguments.picture:
        arguments.picture.write_bytes(png(size_and_time(dataclasses.replace(report, results=rows))))


def read_as_trained(run: Run, text: str) -> Iterator[list[int]]:
    """The ids of the lines of a text."""
    markers = Markers(keep=run.options.markers == "keep")
    return map(run.tokenizer.encode, lines_without(read_texts([text]), run.tokenizer.level, markers))


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
    source = inspect_model(load_keras(model)[0])
    best, logprobs = [], []
    for text in texts:
        answers = source.sequence_logprobs(text[:-1])
        best.append(answers.argmax(-1))
        logprobs += [float(row[target]) for row, target in zip(answers, text[1:], strict=True) if target != oov_id]
    return best, perplexity(logprobs)


def faithful(
    bundle: Path, report: Report, texts: list[list[int]], best: list[np.ndarray], keras: float
) -> Iterator[Result]:
    """The rows with their fidelity on these texts in the place of the manifest's."""
    for row in report.results:
        if row.reason:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lm = edgeword.load(bundle, row.engine, row.precision)
        found, top1 = fidelity(lm, texts, best)
        increase = (found / keras - 1) * 100
        yield dataclasses.replace(row, perplexity=found, perplexity_increase=increase, top1_agreement=top1)


def fidelity(lm: edgeword.LanguageModel, texts: list[list[int]], best: list[np.ndarray]) -> tuple[float, float]:
    """Perplexity and top-1 agreement of one variant."""
    decoder, logprobs, same = lm.decoder(), [], 0
    for text, expected in zip(texts, best, strict=True):
        decoder.begin(text[:1])
        for logits, target, word in zip(logits_along(decoder, text[1:]), text[1:], expected, strict=True):
            same += int(logits.argmax()) == word
            if target != lm.tokenizer.oov_id:
                logprobs.append(logprob_of(logits, target))
    return perplexity(logprobs), same / sum(map(len, best))


def columns(rows: Sequence[Result]) -> list[Column]:
    """The columns of docs/quantization.md: the report's own, and the size over that of float32 in the same format."""
    whole = {row.format: row.size_bytes for row in rows if row.precision == "float32"}
    return [
        plain("format", lambda row: row.format),
        plain("precision", lambda row: f"`{row.precision}`"),
        COLUMNS["size"],
        plain("of float32", lambda row: f"{row.size_bytes / whole.get(row.format, float('nan')):.3f}"),
        plain("perplexity", lambda row: f"{row.perplexity:.3f}"),
        plain("change", lambda row: f"{row.perplexity_increase:+.3f} %"),
        COLUMNS["top-1"],
        plain("a word", lambda row: "–" if row.p50_us is None else f"{row.p50_us:,.0f}", "µs"),
    ]


if __name__ == "__main__":
    main()
