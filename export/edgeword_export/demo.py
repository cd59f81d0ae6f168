"""The main job, end to end: train, export, generate on every engine, and the notebook's loop beside it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten
from typing import cast

import keras

from edgeword import load
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.summary import fidelity_table
from edgeword.cli.terminal import show
from edgeword.engines.engine import engine_of
from edgeword.errors import GateError
from edgeword.precisions import PrecisionName
from edgeword.tables import aligned
from edgeword_export.demo_folder import BUNDLE, PROMPT, RUN, demo_folder
from edgeword_export.exporting import export
from edgeword_export.keras_files.reading import load_keras
from edgeword_export.quiet import quiet
from edgeword_train.fitting.progress import ProgressPrinter, Watch
from edgeword_train.run.folder import load_run
from edgeword_train.training import train

_WORDS = 24
_TIMED_WORDS = 200


def demo(out: str | os.PathLike[str] | None, report: Callable[[str], None], *, replace: bool = False) -> None:
    """Train on the built-in primer, export it, print the proof, the words and the times.

    The run and the bundle are kept in `out`, where `replace` lets them take the place of an earlier demo's.
    """
    with demo_folder(out, replace=replace) as folder:
        report("training an LSTM on the built-in text 'primer', by heart: what it says reads as that text does")
        train(["primer"], folder / RUN, memorize=True, watch=Watch(progress=ProgressPrinter(sys.stderr)))
        exported = export(folder / RUN, folder / BUNDLE, report=report)
        show("", f"decode mode {exported.manifest.spec.decode.mode}: {exported.manifest.proof.reason}", "")
        show(*fidelity_table(exported.manifest.variants))
        for failure in exported.failures:
            show(f"left out {failure}")
        _print_words(folder)


def _print_words(folder: Path) -> None:
    """The notebook's words up to the end of the line; each variant's beside them, and milliseconds a word."""
    expected, notebook_ms = notebook_loop(folder / RUN, PROMPT, _WORDS)
    tokenizer = load_run(folder / RUN).tokenizer
    prompt = tokenizer.encode(PROMPT)
    text = tokenizer.decode([*prompt, *expected])[len(tokenizer.decode(prompt)) :].lstrip()
    show("", f"{PROMPT} {text}", "")
    rows = [("engine", "precision", "ms a word", "faster", "words"), ("keras", "notebook", f"{notebook_ms:.3f}", "1 ×")]
    rows[1] += ("as above",)
    for variant in Bundle(folder / BUNDLE).manifest.variants:
        engine = engine_of(variant.format).name
        with quiet():
            lm = load(folder / BUNDLE, engine=engine, precision=cast(PrecisionName, variant.precision))
        said = lm.generate(PROMPT, _WORDS)
        if variant.precision == "float32" and list(said.ids) != expected:
            raise GateError(f"{engine} float32 says {said.text.lstrip()!r}, the notebook {text!r}")
        timed = lm.generate(PROMPT, _TIMED_WORDS, min_words=_TIMED_WORDS)
        per_word = timed.timings.ms_per_word or 0.0
        words = "the same" if list(said.ids) == expected else shorten(said.text.strip(), 40, placeholder=" …")
        rows.append((engine, variant.precision, f"{per_word:.3f}", f"{notebook_ms / per_word:,.0f} ×", words))
    show(*aligned(rows))


def notebook_loop(run_path: Path, prompt: str, words: int) -> tuple[list[int], float]:
    """The usual notebook: `pad_sequences`, `model.predict`, argmax; the ids up to the end, milliseconds for each."""
    run = load_run(run_path)
    model, _ = load_keras(run.model_path)
    ids = run.tokenizer.encode(prompt)

    def next_word() -> int:
        padded = keras.utils.pad_sequences([ids], maxlen=run.window, padding="pre")
        return int(model.predict(padded, verbose=0)[0, -1].argmax())

    next_word()  # the first call traces the graph
    count, started = len(ids), time.perf_counter()
    while len(ids) - count < words and (token := next_word()) != run.tokenizer.end_id:
        ids.append(token)
    per_word = (time.perf_counter() - started) * 1e3 / max(len(ids) - count, 1)
    return ids[count:], per_word
