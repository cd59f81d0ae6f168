"""Where a training writes: a new folder, or one in which a training was interrupted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgeword.errors import InputFileError, UsageError
from edgeword.files import check_output, write_folder
from edgeword_train.data.corpora.built_in import CORPORA
from edgeword_train.data.corpus import Source
from edgeword_train.data.sources import STANDARD_INPUT
from edgeword_train.errors import RunError
from edgeword_train.options import TrainingOptions
from edgeword_train.run.folder import CHECKPOINT_FOLDER, START_FILE, is_finished, is_started
from edgeword_train.run.records import TRAIN_COMMAND, StartedRun, read_json
from edgeword_train.run.writing import record_bytes, removed


def check_new(folder: Path) -> Path:
    """The folder, which must be new; InputFileError names the command that continues a run in it."""
    if is_started(folder):
        raise InputFileError(
            f"{folder} holds a run that is not finished; "
            f"continue it with: edgeword train --resume {folder}, or remove it"
        )
    return check_output(folder)


def begin(folder: Path, started: StartedRun) -> None:
    """Make the folder, with what is trained in it, whole or not at all; InputFileError where it cannot be made."""
    write_folder(folder, {START_FILE: record_bytes(started)})


def continued(folder: Path) -> StartedRun:
    """What a run in this folder goes on with; RunError or InputFileError where there is none."""
    if not folder.is_dir():
        raise InputFileError(f"there is no run folder {folder}; make one with: {TRAIN_COMMAND}")
    if not is_started(folder):
        raise RunError(f"{folder} is no run that could be continued; make one with: {TRAIN_COMMAND}")
    started = read_json(StartedRun, folder / START_FILE)
    if STANDARD_INPUT in (*started.texts, started.options.eval):
        raise UsageError(
            f"{folder} was trained on standard input, which is gone; keep the text in a file and train again"
        )
    return started


def check_same_text(folder: Path, before: tuple[Source, ...], now: tuple[Source, ...]) -> None:
    """Raise UsageError for a text that was changed after a run was begun with it."""
    changed = [source.name for source, found in zip(before, now, strict=True) if source != found]
    if changed:
        raise UsageError(
            f"{changed[0]} was changed after {folder} was begun with it; give it back its content, or begin another run"
        )


def remembered(texts: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """Where texts are found again, from whatever folder."""
    return tuple(_place(os.fspath(text)) for text in texts)


def found_again(options: TrainingOptions) -> TrainingOptions:
    """The options, with the text to measure on named so that it is found from whatever folder."""
    return options if options.eval is None else replace(options, eval=_place(options.eval))


def _place(path: str) -> str:
    is_built_in = path in CORPORA and not Path(path).is_file()
    return path if is_built_in or path == STANDARD_INPUT else str(Path(path).absolute())


def tidy(folder: Path) -> None:
    """Remove what only a run that is not finished needs; a training may have been killed before it did."""
    if is_finished(folder):
        removed(folder / CHECKPOINT_FOLDER)
        (folder / START_FILE).unlink(missing_ok=True)
