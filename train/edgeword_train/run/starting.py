"""Where a training writes: a new folder, or one in which a training of the same options and text was interrupted."""

from __future__ import annotations

from pathlib import Path

from edgeword.errors import InputFileError, UsageError
from edgeword.files import check_output
from edgeword_train.errors import RunError
from edgeword_train.run.folder import RUN_FILE, START_FILE, is_finished, is_started
from edgeword_train.run.records import FinishedRun, StartedRun, read_json
from edgeword_train.run.writing import write_record


def check_folder(folder: Path, resume: bool) -> Path:
    """The folder, if it is new, or holds a run and `resume` says that it may; RunError or InputFileError."""
    if resume and (is_started(folder) or is_finished(folder)):
        return folder
    if is_started(folder):
        raise InputFileError(f"{folder} holds a run that is not finished; continue it with --resume or remove it")
    if resume and folder.is_dir():
        raise RunError(f"{folder} is no run that could be continued; choose another --out")
    return check_output(folder)


def begin(folder: Path, started: StartedRun) -> None:
    """Make the folder, if it is new, and say in it what is trained; InputFileError where it cannot be made."""
    if folder.exists():
        return
    try:
        folder.mkdir()
    except OSError as error:
        raise InputFileError(f"cannot write {folder}: {error.strerror}; choose another --out") from None
    write_record(folder / START_FILE, started)


def check_same(folder: Path, wanted: StartedRun) -> None:
    """Raise UsageError for a run that was begun with other options or another text."""
    if not folder.exists():
        return
    kind, file = (FinishedRun, RUN_FILE) if is_finished(folder) else (StartedRun, START_FILE)
    before = read_json(kind, folder / file)
    options = before.options.to_dict()
    for name, value in wanted.options.to_dict().items():
        if options[name] != value:
            raise UsageError(
                f"{name} is {value!r}, but {folder} was begun with {options[name]!r}; "
                "give the same options, or another --out"
            )
    if before.corpus != wanted.corpus:
        raise UsageError(f"{folder} was begun with another text; give the same text, or another --out")
