"""From text to a run folder."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeword.errors import InputFileError, UsageError
from edgeword.files import check_output
from edgeword.version import __version__
from edgeword_train import run
from edgeword_train.corpus import Corpus, load_corpus
from edgeword_train.errors import RunError
from edgeword_train.history import best_epoch, words_per_second
from edgeword_train.options import TrainingOptions
from edgeword_train.progress import Report, silent
from edgeword_train.run import Run, load_run
from edgeword_train.tensorflow_import import load_tensorflow
from edgeword_train.windows import cut_windows, window_length
from edgeword_train.writing import replacing, write_bytes, write_text

if TYPE_CHECKING:
    from edgeword_train.fitting import Fitted

CHECKPOINT_FOLDER = "checkpoint"
DEFAULTS = TrainingOptions()


def train(
    texts: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    cell: str = DEFAULTS.cell,
    layers: int = DEFAULTS.layers,
    units: int = DEFAULTS.units,
    embedding: int = DEFAULTS.embedding,
    projection: int | None = DEFAULTS.projection,
    tie_embeddings: bool = DEFAULTS.tie_embeddings,
    tokens: str = DEFAULTS.tokens,
    vocab_size: int | None = DEFAULTS.vocab_size,
    window: int = DEFAULTS.window,
    epochs: int = DEFAULTS.epochs,
    batch: int | None = DEFAULTS.batch,
    dropout: float = DEFAULTS.dropout,
    recurrent_dropout: float = DEFAULTS.recurrent_dropout,
    patience: int | None = DEFAULTS.patience,
    seed: int = DEFAULTS.seed,
    resume: bool = False,
    progress: Report = silent,
) -> Run:
    """Train a next-word model on UTF-8 files or built-in corpora, into the new folder `out`.

    `options.TrainingOptions` says what each option means. Each window of a line is one example with a
    target at every position; padding and OOV tokens are no targets, and perplexities are over targets in
    the vocabulary. 5 % of the lines (of a single line, its last tenth) are held out and never trained on;
    the weights of the epoch that is best on them are kept, but a small corpus is learnt by heart
    (`stopping`). Equal texts and options give equal weights.

    With `resume`, a training that was interrupted goes on after its last whole epoch, and a finished one
    is only read. Raises UsageError, InputFileError, RunError, MissingExtraError or DivergedError.
    """
    options = TrainingOptions(
        cell=cell,
        layers=layers,
        units=units,
        embedding=embedding,
        projection=projection,
        tie_embeddings=tie_embeddings,
        tokens=tokens,
        vocab_size=vocab_size,
        window=window,
        epochs=epochs,
        batch=batch,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        patience=patience,
        seed=seed,
    )
    folder = _check_folder(Path(out), resume)
    corpus = load_corpus(texts, options)
    _check_same(folder, options, corpus)
    return load_run(folder) if run.is_finished(folder) else _train(corpus, folder, options, progress)


def _train(corpus: Corpus, folder: Path, options: TrainingOptions, progress: Report) -> Run:
    load_tensorflow("train")
    from edgeword_train.checkpoint import Checkpoint
    from edgeword_train.fitting import Examples, fit

    _start(folder, options, corpus)
    checkpoint = Checkpoint(folder / CHECKPOINT_FOLDER)
    length = window_length(corpus.trained, options.window)
    oov_id = corpus.tokenizer.oov_id
    examples = Examples(
        cut_windows(corpus.trained, length, oov_id),
        cut_windows(corpus.held_out, length, oov_id),
        corpus.tokenizer.vocab_size,
    )
    fitted = fit(examples, options, checkpoint, progress)
    _write_files(folder, corpus, fitted)
    _write_json(folder / run.RUN_FILE, _facts(options, corpus, fitted, length))
    (folder / run.START_FILE).unlink()
    checkpoint.remove()
    return load_run(folder)


def _check_folder(folder: Path, resume: bool) -> Path:
    if resume and (run.is_started(folder) or run.is_finished(folder)):
        return folder
    if run.is_started(folder):
        raise InputFileError(f"{folder} holds a run that is not finished; continue it with --resume or remove it")
    if resume and folder.is_dir():
        raise RunError(f"{folder} is no run that could be continued; choose another --out")
    return check_output(folder)


def _check_same(folder: Path, options: TrainingOptions, corpus: Corpus) -> None:
    """Refuse to continue a run with other options or another text."""
    if not folder.exists():
        return
    file = folder / (run.RUN_FILE if run.is_finished(folder) else run.START_FILE)
    before = run.read_facts(file)
    for name, value in options.to_dict().items():
        if before["options"].get(name) != value:
            raise UsageError(
                f"{name} is {value!r}, but {folder} was begun with {before['options'].get(name)!r}; "
                "give the same options, or another --out"
            )
    if before["corpus"] != corpus.sources:
        raise UsageError(f"{folder} was begun with another text; give the same text, or another --out")


def _start(folder: Path, options: TrainingOptions, corpus: Corpus) -> None:
    if not folder.exists():
        try:
            folder.mkdir()
        except OSError as error:
            reason = f"{error.strerror}; choose another --out"
            raise InputFileError(f"cannot write {folder}: {reason}") from None
        _write_json(folder / run.START_FILE, _header(options, corpus))


def _write_files(folder: Path, corpus: Corpus, fitted: Fitted) -> None:
    from edgeword_train.learning_curve import draw_learning_curve

    with replacing(folder / run.MODEL_FILE) as partial:
        fitted.model.save(partial)
    write_text(folder / run.TOKENIZER_FILE, corpus.tokenizer.to_json())
    _write_json(folder / run.HELD_OUT_FILE, {"sequences": corpus.held_out})
    _write_json(folder / run.HISTORY_FILE, {"epochs": [row.to_dict() for row in fitted.history]})
    write_bytes(folder / run.CURVE_FILE, draw_learning_curve(fitted.history, fitted.kept_epoch))


def _header(options: TrainingOptions, corpus: Corpus) -> dict[str, Any]:
    return {
        "format": run.FORMAT,
        "version": run.VERSION,
        "options": options.to_dict(),
        "corpus": corpus.sources,
    }


def _facts(options: TrainingOptions, corpus: Corpus, fitted: Fitted, length: int) -> dict[str, Any]:
    history = fitted.history
    return {
        **_header(options, corpus),
        "window": length,
        "vocabulary": corpus.tokenizer.vocab_size,
        "parameters": fitted.model.count_params(),
        "perplexity": {"train": fitted.train_perplexity, "held_out": fitted.held_out_perplexity},
        "epochs": len(history),
        "kept_epoch": fitted.kept_epoch,
        "best_epoch": best_epoch(history),
        "seconds": sum(row.seconds for row in history),
        "words_per_second": words_per_second(history),
        "versions": {
            "edgeword": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("keras", "tensorflow", "numpy")},
        },
    }


def _write_json(file: Path, value: Any) -> None:
    write_text(file, json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
