"""A run folder: what training leaves behind and export reads. Nothing here needs TensorFlow."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgeword.errors import InputFileError, TokenizerError
from edgeword.tokenizers.kinds import AnyTokenizer, from_json
from edgeword_train.errors import RunError
from edgeword_train.options import TrainingOptions
from edgeword_train.run.records import TRAIN_AGAIN, TRAIN_COMMAND, FinishedRun, HeldOut, read_json, read_text

RUN_FILE = "run.json"
MODEL_FILE = "model.keras"
TOKENIZER_FILE = "tokenizer.json"
HELD_OUT_FILE = "held_out.json"
HISTORY_FILE = "history.json"
CURVE_FILE = "learning_curve.png"
START_FILE = "options.json"
"""Options and corpus of a run that is not finished."""
CHECKPOINT_FOLDER = "checkpoint"
"""The state after each epoch of a run that is not finished."""


@dataclass(frozen=True)
class Run:
    """A finished training."""

    path: Path
    tokenizer: AnyTokenizer
    held_out: tuple[tuple[int, ...], ...] = field(repr=False)
    """Ids of lines that were never trained on: the first 200,000 tokens of them."""
    record: FinishedRun

    @property
    def model_path(self) -> Path:
        """The Keras model: ids `[B, L]` int32 to logits `[B, L, V]` float32."""
        return self.path / MODEL_FILE

    @property
    def options(self) -> TrainingOptions:
        """What the training was told."""
        return self.record.options

    @property
    def window(self) -> int:
        """Length L of the windows that the model was trained on, in tokens."""
        return self.record.window

    @property
    def perplexity(self) -> Mapping[str, float]:
        """Perplexity over targets in the vocabulary, on the text of "train" and of "held_out"."""
        return asdict(self.record.perplexity)

    @property
    def facts(self) -> Mapping[str, Any]:
        """All of `run.json`, of JSON types."""
        facts: Mapping[str, Any] = json.loads(json.dumps(asdict(self.record)))
        return facts


def load_run(path: str | os.PathLike[str]) -> Run:
    """Read a run folder; RunError or InputFileError for one that is missing, foreign or unfinished."""
    folder = Path(path)
    _check_finished(folder)
    record = read_json(FinishedRun, folder / RUN_FILE)
    if not (folder / MODEL_FILE).is_file():
        raise RunError(f"{folder} misses {MODEL_FILE}; {TRAIN_AGAIN}")
    try:
        tokenizer = from_json(read_text(folder / TOKENIZER_FILE))
    except TokenizerError as error:
        raise RunError(f"{folder}: {error}") from None
    return Run(folder, tokenizer, _read_held_out(folder / HELD_OUT_FILE, tokenizer.vocab_size), record)


def is_finished(folder: Path) -> bool:
    """Whether the folder holds a finished run."""
    return (folder / RUN_FILE).is_file()


def is_started(folder: Path) -> bool:
    """Whether the folder holds a run that can be continued."""
    return (folder / START_FILE).is_file() and not is_finished(folder)


def _check_finished(folder: Path) -> None:
    if is_finished(folder):
        return
    if is_started(folder):
        raise RunError(f"{folder} is no finished run: continue it with: edgeword train --resume {folder}")
    if not folder.is_dir():
        raise InputFileError(f"there is no run folder {folder}; make one with: {TRAIN_COMMAND}")
    raise RunError(f"{folder} is no run: it has no {RUN_FILE}; make one with: {TRAIN_COMMAND}")


def _read_held_out(file: Path, vocab_size: int) -> tuple[tuple[int, ...], ...]:
    sequences = read_json(HeldOut, file).sequences
    if not all(0 <= token < vocab_size for ids in sequences for token in ids):
        raise RunError(f"{file} holds ids that are not below {vocab_size}; {TRAIN_AGAIN}")
    return sequences
