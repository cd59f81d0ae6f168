"""What is to be exported: a run folder, or a Keras file with its tokenizer; brought into one form."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from edgeword.errors import UsageError
from edgeword.manifest import Window
from edgeword.padding import Padding, Side
from edgeword.tokenizer import Tokenizer
from edgeword.tokenizer_formats import read_tokenizer
from edgeword_export.evaluation import Evaluation, encoded, evaluation_of, sampled
from edgeword_export.keras_model import NextWordModel, check_tokenizer, first_line, inspect_model, load_keras, window_of
from edgeword_train.data.text_files import read_texts
from edgeword_train.run.folder import Run, load_run

# Fixed windows are also tried on text that outgrows them: there a step would remember what a window forgets.
_WINDOWS_PER_PIECE = 3
_LONGEST_PIECE = 200
_CALIBRATION_TOKENS = 300
_LONGEST_WINDOW = 4096


@dataclass(frozen=True)
class Source:
    """A checked model with its tokenizer, window, evaluation text and facts for the manifest."""

    model: NextWordModel
    tokenizer: Tokenizer
    window: Window
    windowed: bool
    """Whether the model's own words come from a padded window of fixed length."""
    evaluation: Evaluation
    facts: Mapping[str, Any]

    def calibration_texts(self) -> list[tuple[int, ...]]:
        """Some hundred tokens, from the end of the evaluation text."""
        texts: list[tuple[int, ...]] = []
        for sequence in reversed(self.evaluation.sequences):
            texts.append(sequence)
            if sum(map(len, texts)) >= _CALIBRATION_TOKENS:
                break
        return texts


def open_source(
    path: Path,
    *,
    tokenizer: str | os.PathLike[str] | None = None,
    window: int | None = None,
    padding: Side = "pre",
    eval_text: str | os.PathLike[str] | None = None,
    decode: str = "auto",
    custom_objects: Sequence[str] = (),
) -> Source:
    """Read and check MODEL and what belongs to it; raises the error that names what does not fit."""
    if window is not None and not 1 <= window <= _LONGEST_WINDOW:
        raise UsageError(f"--window {window}: give a whole number from 1 to {_LONGEST_WINDOW}")
    run = load_run(path) if path.is_dir() else None
    model = inspect_model(load_keras(run.model_path if run else path, _custom_objects(custom_objects)))
    words = run.tokenizer if run and tokenizer is None else _read_tokenizer(tokenizer)
    check_tokenizer(words, model)
    length = window or (run.window if run else None)
    rule = window_of(model, length, Padding(side=padding))
    windowed = model.length is not None or decode == "window" or (run is None and window is not None)
    if windowed and rule.length is None:
        raise UsageError("--decode window: the model reads any length; say with --window L how many words it is to see")
    longest = rule.length * _WINDOWS_PER_PIECE if windowed and rule.length else _LONGEST_PIECE
    text, sequences = _sequences(run, eval_text, words, model, longest)
    evaluation = evaluation_of(text, sequences, model.vocabulary, longest)
    if not evaluation.sequences:
        raise UsageError("there is too little text to measure on; give some with --eval FILE")
    facts = run.facts if run else {"file": path.name, "parameters": model.model.count_params()}
    return Source(model, words, rule, windowed, evaluation, facts)


def _sequences(
    run: Run | None,
    eval_text: str | os.PathLike[str] | None,
    tokenizer: Tokenizer,
    model: NextWordModel,
    longest: int,
) -> tuple[str, list[list[int]]]:
    if eval_text is not None:
        return Path(eval_text).name, encoded(read_texts([eval_text]), tokenizer)
    if run is not None and run.held_out:
        return "held out from training", [list(sequence) for sequence in run.held_out]
    return "sampled from the model", sampled(model, min(longest, 60), tokenizer.vocab_size)


def _read_tokenizer(path: str | os.PathLike[str] | None) -> Tokenizer:
    if path is None:
        raise UsageError("a Keras file comes without its tokenizer; give it with --tokenizer FILE")
    return read_tokenizer(Path(path))


def _custom_objects(names: Sequence[str]) -> dict[str, Any]:
    """Classes named `module:Name`, imported from the Python path or the current folder."""
    if names and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    found = {}
    for name in names:
        module, _, attribute = name.partition(":")
        try:
            found[attribute] = getattr(import_module(module), attribute)
        except (Exception, SystemExit) as error:  # the module is the user's: it may raise anything
            raise UsageError(f"--custom-objects {name}: {first_line(error)}; write it as module:Name") from None
    return found
