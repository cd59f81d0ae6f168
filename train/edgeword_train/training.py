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
from edgeword_train.data.corpus import Corpus, load_corpus
from edgeword_train.fitting.history import Epochs, best_epoch, words_per_second
from edgeword_train.fitting.progress import Watch
from edgeword_train.fitting.streams import chunk_length, streams_of
from edgeword_train.options import TrainingOptions
from edgeword_train.run import folder as run
from edgeword_train.run.folder import CHECKPOINT_FOLDER, Run, is_finished, load_run
from edgeword_train.run.records import FORMAT, VERSION, FinishedRun, HeldOut, Perplexity, RunRecord, StartedRun
from edgeword_train.run.starting import begin, check_new, check_same_text, continued, found_again, remembered, tidy
from edgeword_train.run.writing import replacing, write_bytes, write_record, write_text
from edgeword_train.tensorflow_import import load_tensorflow

if TYPE_CHECKING:
    from edgeword_train.fitting.epochs import Examples, Fitted

DEFAULTS = TrainingOptions()
UNWATCHED = Watch()
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
    embedding_dropout: float = DEFAULTS.embedding_dropout,
    weight_drop: float = DEFAULTS.weight_drop,
    patience: int | None = DEFAULTS.patience,
    memorize: bool = DEFAULTS.memorize,
    learning_rate: float = DEFAULTS.learning_rate,
    seed: int = DEFAULTS.seed,
    watch: Watch = UNWATCHED,
) -> Run:
    """Train a next-word model on UTF-8 files or built-in corpora, into the new folder `out`.

    `TrainingOptions` says what each option means, `train_with` what comes of them.
    Raises UsageError, InputFileError, RunError, MissingExtraError or DivergedError.
    """
    given = locals()
    options = TrainingOptions(**{each.name: given[each.name] for each in fields(TrainingOptions)})
    return train_with(options, texts, out, watch=watch)


def train_with(
    options: TrainingOptions,
    texts: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    watch: Watch = UNWATCHED,
) -> Run:
    """Train as the options say; the same as `train`, for those who hold them as one.

    Texts stand behind each other in streams, each with a target at every position but its first; OOV tokens are no
    targets, and perplexities are over targets in the vocabulary. 5 % of the lines (of a single line, its last
    tenth) are held out and never trained on; the weights of the epoch that is best on them are kept, unless the text
    is learnt by heart (`fitting.stopping`). Equal texts and options give equal weights.
    """
    folder = check_new(Path(out))
    corpus = load_corpus(texts, options, watch.reading)
    load_tensorflow("train")
    started = StartedRun(FORMAT, VERSION, found_again(options), corpus.sources, remembered(texts))
    begin(folder, started)
    _train(corpus, folder, started, watch)
    return load_run(folder)


def resume(
    out: str | os.PathLike[str],
    *,
    finish: bool = False,
    watch: Watch = UNWATCHED,
) -> Run:
    """Go on with a training that was interrupted, after its last whole epoch, to the weights of one that was not.

    The run knows its options and its texts, which must be as they were. With `finish` nothing more is trained: the
    best epoch so far is kept. A finished run is only read.
    """
    folder = Path(out)
    tidy(folder)
    if not is_finished(folder):
        started = continued(folder)
        corpus = load_corpus(started.texts, started.options, watch.reading)
        check_same_text(folder, started.corpus, corpus.sources)
        load_tensorflow("train")
        _train(corpus, folder, started, watch, finish)
    return load_run(folder)


def _train(
    corpus: Corpus,
    folder: Path,
    started: StartedRun,
    watch: Watch,
    finish: bool = False,
) -> None:
    from edgeword_train.fitting.checkpoint import Checkpoint
    from edgeword_train.fitting.epochs import fit

    checkpoint = Checkpoint(folder / CHECKPOINT_FOLDER)
    examples = _examples(corpus, started.options)
    fitted = fit(examples, started.options, checkpoint, watch, finish=finish)
    _write_files(folder, corpus, fitted)
    write_record(folder / run.RUN_FILE, _finished(started, examples, fitted))
    tidy(folder)


def _examples(corpus: Corpus, options: TrainingOptions) -> Examples:
    from edgeword_train.fitting.epochs import Examples

    length, oov_id = chunk_length(corpus.trained, options.window), corpus.tokenizer.oov_id
    trained = streams_of(corpus.trained, oov_id, length, options.batch)
    return Examples(trained, streams_of(corpus.held_out, oov_id, length), corpus.tokenizer.vocab_size)


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
        **{field.name: getattr(started, field.name) for field in fields(RunRecord)},
        window=examples.trained.length,
        vocabulary=examples.vocabulary,
        parameters=fitted.model.count_params(),
        perplexity=Perplexity(fitted.train_perplexity, fitted.held_out_perplexity),
        epochs=len(fitted.history),
        kept_epoch=fitted.kept_epoch,
        best_epoch=best_epoch(fitted.history),
        best_perplexity=min(row.held_out for row in fitted.history),
        seconds=sum(row.seconds for row in fitted.history),
        words_per_second=words_per_second(fitted.history),
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    """Of everything that had a part in it, as the modules say: tensorflow has distributions of several names."""
    modules = {name: sys.modules[name].__version__ for name in ("keras", "tensorflow", "numpy")}
    return {"edgeword": __version__, "python": platform.python_version(), **modules}
