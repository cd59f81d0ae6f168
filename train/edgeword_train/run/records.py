"""The JSON files of a run folder: their keys are the fields of these records. Nothing here needs TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from edgeword.errors import UsageError
from edgeword.input_files import RUN, read_bounded
from edgeword.records import RecordError, parse_json, read_record
from edgeword_train.data.corpus import Source
from edgeword_train.errors import RunError
from edgeword_train.options import TrainingOptions

FORMAT = "edgeword-run"
VERSION = 1

TRAIN_COMMAND = "edgeword train TEXT --out RUN"
TRAIN_AGAIN = f"train again with: {TRAIN_COMMAND}"

T = TypeVar("T")


@dataclass(frozen=True)
class RunRecord:
    """What a training was begun with."""

    format: str
    version: int
    options: TrainingOptions
    corpus: tuple[Source, ...]


@dataclass(frozen=True)
class StartedRun(RunRecord):
    """`options.json`: what a training that is not finished goes on with."""

    texts: tuple[str, ...]
    """Where its texts are: absolute paths, and names of built-in corpora. They leave this machine with no bundle."""


@dataclass(frozen=True)
class Perplexity:
    """Over targets in the vocabulary, without dropout."""

    train: float
    held_out: float


@dataclass(frozen=True)
class FinishedRun(RunRecord):
    """`run.json`: what a training was begun with, and what it came to."""

    window: int
    """Length L of the windows that the model was trained on, in tokens."""
    vocabulary: int
    """Number of ids V."""
    parameters: int
    perplexity: Perplexity
    epochs: int
    kept_epoch: int
    """The epoch, counted from 1, whose weights are the model's."""
    best_epoch: int
    """The epoch with the lowest perplexity on held-out text."""
    best_perplexity: float
    """Of that epoch, on held-out text."""
    seconds: float
    words_per_second: float
    versions: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.window < 1:
            raise UsageError(f"window must be a positive whole number, not {self.window}")


@dataclass(frozen=True)
class HeldOut:
    """`held_out.json`: the ids of lines that were never trained on."""

    sequences: tuple[tuple[int, ...], ...]


def read_json(cls: type[T], file: Path, remedy: str = TRAIN_AGAIN) -> T:
    """A JSON file of the run; RunError, ending with the remedy, where it is damaged or foreign."""
    try:
        data = parse_json(read_text(file))
        if issubclass(cls, RunRecord):
            _check_header(file, data)
        return read_record(cls, data, file.stem)
    except RecordError as error:
        raise RunError(f"{file}: {error}; {remedy}") from None


def read_text(file: Path) -> str:
    """The text of a file of the run; InputFileError where it cannot be read."""
    try:
        return read_bounded(file, RUN).decode("utf-8")
    except UnicodeDecodeError:
        raise RunError(f"{file} is not UTF-8; {TRAIN_AGAIN}") from None


def _check_header(file: Path, data: Any) -> None:
    """Other formats and other versions have other keys, so they are told before the keys are looked at."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise RunError(f"{file} is not of format {FORMAT!r}; {TRAIN_AGAIN}")
    if data.get("version") != VERSION:
        raise RunError(f"{file} has version {data.get('version')!r}, not {VERSION}; upgrade edgeword")
