"""From text to a run folder."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from edgeword.version import __version__
from edgeword_train.data.corpus import Corpus, load_corpus, unwatched
from edgeword_train.data.reading import OnReading
from edgeword_train.data.windows import cut_windows, window_length
from edgeword_train.fitting.history import Epochs, best_epoch, words_per_second
from edgeword_train.fitting.progress import ProgressCallback, silent
from edgeword_train.options import TrainingOptions
from edgeword_train.run import folder as run
from edgeword_train.run.folder import Run, load_run
from edgeword_train.run.records import FORMAT, VERSION, FinishedRun, HeldOut, Perplexity, StartedRun
from edgeword_train.run.starting import begin, check_folder, check_same
from edgeword_train.run.writing import replacing, write_bytes, write_record, write_text
from edgeword_train.tensorflow_import import load_tensorflow

if TYPE_CHECKING:
    from edgeword_train.fitting.epochs import Examples, Fitted

DEFAULTS = TrainingOptions()
# A run keeps so much of the text that is held out, in tokens: more than any export measures on.
HELD_OUT_KEPT = 200_000


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
    markers: str = DEFAULTS.markers,
    field: str | None = DEFAULTS.field,
    eval: str | None = DEFAULTS.eval,  # noqa: A002 (the option's name)
    vocab_size: int | None = DEFAULTS.vocab_size,
    window: int = DEFAULTS.window,
    epochs: int = DEFAULTS.epochs,
    batch: int | None = DEFAULTS.batch,
    dropout: float = DEFAULTS.dropout,
    recurrent_dropout: float = DEFAULTS.recurrent_dropout,
    patience: int | None = DEFAULTS.patience,
    seed: int = DEFAULTS.seed,
    resume: bool = False,
    progress: ProgressCallback = silent,
    report: OnReading = unwatched,
) -> Run:
    """Train a next-word model on UTF-8 files or built-in corpora, into the new folder `out`.

    `TrainingOptions` says what each option means, `train_with` what comes of them.
    Raises UsageError, InputFileError, RunError, MissingExtraError or DivergedError.
    """
    given = locals()
    options = TrainingOptions(**{each.name: given[each.name] for each in fields(TrainingOptions)})
    return train_with(options, texts, out, resume=resume, progress=progress, report=report)


def train_with(
    options: TrainingOptions,
    texts: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    resume: bool = False,
    progress: ProgressCallback = silent,
    report: OnReading = unwatched,
) -> Run:
    """Train as the options say; the same as `train`, for those who hold them as one.

    Each window of a line is one example with a target at every position; padding and OOV tokens are no
    targets, and perplexities are over targets in the vocabulary. 5 % of the lines (of a single line, its last
    tenth) are held out and never trained on; the weights of the epoch that is best on them are kept, but a small
    corpus is learnt by heart (`fitting.stopping`). Equal texts and options give equal weights.

    With `resume`, a training that was interrupted goes on after its last whole epoch, and a finished one
    is only read.
    """
    folder = check_folder(Path(out), resume)
    corpus = load_corpus(texts, options, report)
    started = StartedRun(FORMAT, VERSION, options, corpus.sources)
    check_same(folder, started)
    if not run.is_finished(folder):
        _train(corpus, folder, started, progress)
    return load_run(folder)


def _train(corpus: Corpus, folder: Path, started: StartedRun, progress: ProgressCallback) -> None:
    load_tensorflow("train")
    from edgeword_train.fitting.checkpoint import Checkpoint
    from edgeword_train.fitting.epochs import fit

    begin(folder, started)
    checkpoint = Checkpoint(folder / run.CHECKPOINT_FOLDER)
    examples = _examples(corpus, started.options.window)
    fitted = fit(examples, started.options, checkpoint, progress)
    _write_files(folder, corpus, fitted)
    write_record(folder / run.RUN_FILE, _finished(started, examples, fitted))
    (folder / run.START_FILE).unlink()
    checkpoint.remove()


def _examples(corpus: Corpus, window: int) -> Examples:
    from edgeword_train.fitting.epochs import Examples

    length = window_length(corpus.trained, window)
    trained, held_out = (
        cut_windows(part, length, corpus.tokenizer.oov_id) for part in (corpus.trained, corpus.held_out)
    )
    return Examples(trained, held_out, corpus.tokenizer.vocab_size)


def _write_files(folder: Path, corpus: Corpus, fitted: Fitted) -> None:
    from edgeword_train.fitting.learning_curve import draw_learning_curve

    with replacing(folder / run.MODEL_FILE) as partial:
        fitted.model.save(partial)
    write_text(folder / run.TOKENIZER_FILE, corpus.tokenizer.to_json())
    write_record(folder / run.HELD_OUT_FILE, HeldOut(tuple(map(tuple, corpus.held_out.first(HELD_OUT_KEPT)))))
    write_record(folder / run.HISTORY_FILE, Epochs(tuple(fitted.history)))
    write_bytes(folder / run.CURVE_FILE, draw_learning_curve(fitted.history, fitted.kept_epoch))


def _finished(started: StartedRun, examples: Examples, fitted: Fitted) -> FinishedRun:
    return FinishedRun(
        **vars(started),
        window=examples.trained.inputs.shape[1],
        vocabulary=examples.vocabulary,
        parameters=fitted.model.count_params(),
        perplexity=Perplexity(fitted.train_perplexity, fitted.held_out_perplexity),
        epochs=len(fitted.history),
        kept_epoch=fitted.kept_epoch,
        best_epoch=best_epoch(fitted.history),
        seconds=sum(row.seconds for row in fitted.history),
        words_per_second=words_per_second(fitted.history),
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    """Of everything that had a part in it, as the modules say: tensorflow has distributions of several names."""
    modules = {name: sys.modules[name].__version__ for name in ("keras", "tensorflow", "numpy")}
    return {"edgeword": __version__, "python": platform.python_version(), **modules}
