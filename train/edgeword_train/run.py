"""A run folder: what training leaves behind and export reads. Nothing here needs TensorFlow."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeword.errors import InputFileError, TokenizerError, UsageError
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_train.errors import RunError
from edgeword_train.options import TrainingOptions

FORMAT = "edgeword-run"
VERSION = 1

RUN_FILE = "run.json"
MODEL_FILE = "model.keras"
TOKENIZER_FILE = "tokenizer.json"
HELD_OUT_FILE = "held_out.json"
HISTORY_FILE = "history.json"
CURVE_FILE = "learning_curve.png"
START_FILE = "options.json"
"""Options and corpus of a run that is not finished."""

TRAIN_COMMAND = "edgeword train TEXT --out RUN"


@dataclass(frozen=True)
class Run:
    """A finished training."""

    path: Path
    tokenizer: Tokenizer
    held_out: tuple[tuple[int, ...], ...]
    """Ids of the lines that were never trained on."""
    options: TrainingOptions
    facts: Mapping[str, Any]
    """All of `run.json`."""

    @property
    def model_path(self) -> Path:
        """The Keras model: ids `[B, L]` int32 to logits `[B, L, V]` float32."""
        return self.path / MODEL_FILE

    @property
    def window(self) -> int:
        """Length L of the windows that the model was trained on, in tokens."""
        return int(self.facts["window"])

    @property
    def perplexity(self) -> Mapping[str, float]:
        """Perplexity over targets in the vocabulary, on the text of "train" and of "held_out"."""
        figures: Mapping[str, float] = self.facts["perplexity"]
        return figures


def load_run(path: str | os.PathLike[str]) -> Run:
    """Read a run folder; RunError or InputFileError for one that is missing, foreign or unfinished."""
    folder = Path(path)
    _check_finished(folder)
    facts = read_facts(folder / RUN_FILE)
    if not (folder / MODEL_FILE).is_file():
        raise RunError(f"{folder} misses {MODEL_FILE}; train again with: {TRAIN_COMMAND}")
    try:
        options = TrainingOptions.from_dict(facts["options"])
        tokenizer = Tokenizer.from_json(read_text(folder / TOKENIZER_FILE))
    except (UsageError, TokenizerError) as error:
        raise RunError(f"{folder}: {error}") from None
    return Run(folder, tokenizer, _read_held_out(folder, tokenizer.vocab_size), options, facts)


def is_finished(folder: Path) -> bool:
    """Whether the folder holds a finished run."""
    return (folder / RUN_FILE).is_file()


def is_started(folder: Path) -> bool:
    """Whether the folder holds a run that can be continued."""
    return (folder / START_FILE).is_file() and not is_finished(folder)


def read_facts(file: Path) -> dict[str, Any]:
    """`run.json` or `options.json`, after a look at its format and version."""
    facts = read_json(file)
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise RunError(f"{file} is not of format {FORMAT!r}; train again with: {TRAIN_COMMAND}")
    if facts.get("version") != VERSION:
        raise RunError(f"{file} has version {facts.get('version')!r}, not {VERSION}; upgrade edgeword")
    for key, kind in (("options", dict), ("corpus", list)):
        if not isinstance(facts.get(key), kind):
            raise RunError(f"{file} misses {key!r}; train again with: {TRAIN_COMMAND}")
    if file.name == RUN_FILE:
        _check_figures(file, facts)
    return facts


def read_json(file: Path) -> Any:
    """The value of a JSON file; RunError where it is none."""
    text = read_text(file)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RunError(f"{file} is no JSON; train again with: {TRAIN_COMMAND}") from None


def read_text(file: Path) -> str:
    """The text of a file of the run; InputFileError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RunError(f"{file} is not UTF-8; train again with: {TRAIN_COMMAND}") from None
    except OSError as error:
        raise InputFileError(f"cannot read {file}: {error.strerror}; train again with: {TRAIN_COMMAND}") from None


def _check_finished(folder: Path) -> None:
    if is_finished(folder):
        return
    if is_started(folder):
        raise RunError(f"{folder} is no finished run: continue it with: {TRAIN_COMMAND} --resume")
    if not folder.is_dir():
        raise InputFileError(f"there is no run folder {folder}; make one with: {TRAIN_COMMAND}")
    raise RunError(f"{folder} is no run: it has no {RUN_FILE}; make one with: {TRAIN_COMMAND}")


def _check_figures(file: Path, facts: Mapping[str, Any]) -> None:
    window, perplexity = facts.get("window"), facts.get("perplexity")
    if type(window) is not int or window < 1:
        raise RunError(f"{file}: window must be a positive whole number, not {window!r}; train again")
    if not isinstance(perplexity, dict) or not all(
        isinstance(perplexity.get(key), float) for key in ("train", "held_out")
    ):
        raise RunError(f"{file}: perplexity must have the figures 'train' and 'held_out'; train again")


def _read_held_out(folder: Path, vocab_size: int) -> tuple[tuple[int, ...], ...]:
    data = read_json(folder / HELD_OUT_FILE)
    sequences = data.get("sequences") if isinstance(data, dict) else None
    if not isinstance(sequences, list) or not all(_are_ids(ids, vocab_size) for ids in sequences):
        raise RunError(f"{folder / HELD_OUT_FILE} holds no sequences of ids below {vocab_size}; train again")
    return tuple(map(tuple, sequences))


def _are_ids(ids: object, vocab_size: int) -> bool:
    return isinstance(ids, list) and all(type(item) is int and 0 <= item < vocab_size for item in ids)
