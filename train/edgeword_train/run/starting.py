"""Where a training writes: a new folder, or one in which a training was interrupted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from edgeword.errors import InputFileError, UsageError
from edgeword.files import check_output, write_folder
from edgeword_train.data.corpora.built_in import CORPORA
from edgeword_train.data.corpus import Source
from edgeword_train.errors import RunError
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
    return read_json(StartedRun, folder / START_FILE)


def check_same_text(folder: Path, before: tuple[Source, ...], now: tuple[Source, ...]) -> None:
    """Raise UsageError for a text that was changed after a run was begun with it."""
    changed = [source.name for source, found in zip(before, now, strict=True) if source != found]
    if changed:
        raise UsageError(
            f"{changed[0]} was changed after {folder} was begun with it; give it back its content, or begin another run"
        )


def remembered(texts: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """Where texts are found again, from whatever folder."""
    paths = [os.fspath(text) for text in texts]
    return tuple(path if path in CORPORA and not Path(path).is_file() else str(Path(path).absolute()) for path in paths)


def tidy(folder: Path) -> None:
    """Remove what only a run that is not finished needs; a training may have been killed before it did."""
    if is_finished(folder):
        removed(folder / CHECKPOINT_FOLDER)
        (folder / START_FILE).unlink(missing_ok=True)
