"""The main job, end to end: train, export, generate on every engine, and the notebook's loop beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import keras

from edgeword import load
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.summary import fidelity_table
from edgeword.cli.terminal import next_command, show
from edgeword.engines.engine import engine_of
from edgeword.errors import GateError
from edgeword.files import check_output
from edgeword.precisions import PrecisionName
from edgeword_export.exporting import export
from edgeword_export.keras_files.reading import load_keras
from edgeword_export.quiet import quiet
from edgeword_train.fitting.progress import ProgressPrinter, Watch
from edgeword_train.run.folder import load_run
from edgeword_train.training import train

PROMPT = "LSTM networks are"
_WORDS = 24
_TIMED_WORDS = 200


def demo(out: str | os.PathLike[str] | None, report: Callable[[str], None]) -> None:
    """Train on the built-in primer, export it, print the proof, the words and the times."""
    with _folder(out) as folder:
        report("training an LSTM on the built-in text 'primer', by heart: what it says reads as that text does")
        train(["primer"], folder / "run", memorize=True, watch=Watch(progress=ProgressPrinter(sys.stderr)))
        exported = export(folder / "run", folder / "bundle", report=report)
        show("", f"decode mode {exported.manifest.spec.decode.mode}: {exported.manifest.proof.reason}", "")
        show(*fidelity_table(exported.manifest.variants))
        for failure in exported.failures:
            show(f"left out {failure}")
        _print_words(folder)
        following = ("generate", str(folder / "bundle"), PROMPT) if out else ("demo", "--out", "DIR")
        show("", next_command("edgeword", *following))


def _print_words(folder: Path) -> None:
    """Each variant's words up to the end of the line and milliseconds a word, and the notebook's."""
    expected, notebook_ms = notebook_loop(folder / "run", PROMPT, _WORDS)
    tokenizer = load_run(folder / "run").tokenizer
    prompt = tokenizer.encode(PROMPT)
    text = tokenizer.decode([*prompt, *expected])[len(tokenizer.decode(prompt)) :].lstrip()
    print(f"\n{PROMPT} …\n\n{'engine':<10}{'precision':<26}{'ms per word':>12}{'faster':>10}   words")
    show(f"{'keras':<10}{'notebook':<26}{notebook_ms:>12.3f}{'1 ×':>10}   {text}")
    for variant in Bundle(folder / "bundle").manifest.variants:
        engine = engine_of(variant.format).name
        with quiet():
            lm = load(folder / "bundle", engine=engine, precision=cast(PrecisionName, variant.precision))
        said = lm.generate(PROMPT, _WORDS)
        if variant.precision == "float32" and list(said.ids) != expected:
            raise GateError(f"{engine} float32 says {said.text.lstrip()!r}, the notebook {text!r}")
        timed = lm.generate(PROMPT, _TIMED_WORDS, min_words=_TIMED_WORDS)
        per_word = timed.timings.ms_per_word or 0.0
        ratio = f"{notebook_ms / per_word:,.0f} ×"
        show(f"{engine:<10}{variant.precision:<26}{per_word:>12.3f}{ratio:>10}   {said.text.lstrip()}")


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


@contextlib.contextmanager
def _folder(out: str | os.PathLike[str] | None) -> Iterator[Path]:
    if out is not None:
        path = check_output(out)
        path.mkdir()
        try:
            yield path
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        return
    with tempfile.TemporaryDirectory(prefix="edgeword-demo-") as name:
        yield Path(name)
