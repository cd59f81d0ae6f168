"""What is to be exported: a run folder, or a Keras file with its tokenizer; brought into one form."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from edgeword.bundle.spec import Window
from edgeword.errors import UsageError
from edgeword.padding import Padding
from edgeword.tokenizers.foreign import read_tokenizer
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.options import ExportOptions, PathLike
from edgeword_export.source.evaluation import Evaluation, encoded, evaluation_of, sampled
from edgeword_export.source.keras_model import (
    NextWordModel,
    check_tokenizer,
    first_line,
    inspect_model,
    load_keras,
    window_of,
)
from edgeword_train.data.text_files import read_texts
from edgeword_train.run.folder import Run, load_run

# Fixed windows are also tried on text that outgrows them: there a step would remember what a window forgets.
_WINDOWS_PER_PIECE = 3
_LONGEST_PIECE = 200
_CALIBRATION_TOKENS = 300


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

    @property
    def tokenizer_bytes(self) -> bytes:
        """The bundle's tokenizer file."""
        return self.tokenizer.to_json().encode("utf-8")

    def calibration_texts(self) -> list[tuple[int, ...]]:
        """Some hundred tokens, from the end of the evaluation text."""
        texts: list[tuple[int, ...]] = []
        for sequence in reversed(self.evaluation.sequences):
            texts.append(sequence)
            if sum(map(len, texts)) >= _CALIBRATION_TOKENS:
                break
        return texts


def open_source(path: Path, options: ExportOptions) -> Source:
    """Read and check MODEL and what belongs to it; raises the error that names what does not fit."""
    run = load_run(path) if path.is_dir() else None
    model = inspect_model(load_keras(run.model_path if run else path, _custom_objects(options.custom_objects)))
    tokenizer = run.tokenizer if run and options.tokenizer is None else _read_tokenizer(options.tokenizer)
    check_tokenizer(tokenizer, model)
    window = window_of(model, options.window or (run.window if run else None), Padding(side=options.padding))
    windowed = model.length is not None or options.decode == "window" or (run is None and options.window is not None)
    if windowed and window.length is None:
        raise UsageError("--decode window: the model reads any length; say with --window L how many words it is to see")
    longest = window.length * _WINDOWS_PER_PIECE if windowed and window.length else _LONGEST_PIECE
    facts = run.facts if run else {"file": path.name, "parameters": model.model.count_params()}
    text, sequences = (
        _given(options.eval, tokenizer)
        or _held_out(run)
        or ("sampled from the model", sampled(model, window, min(longest, 60), tokenizer.vocab_size))
    )
    evaluation = evaluation_of(text, sequences, model.vocabulary, longest)
    if not evaluation.sequences:
        raise UsageError("there is too little text to measure on; give some with --eval FILE")
    return Source(model, tokenizer, window, windowed, evaluation, facts)


Texts = tuple[str, list[list[int]]]
"""Where the text comes from, and its token sequences."""


def _given(path: PathLike | None, tokenizer: Tokenizer) -> Texts | None:
    return None if path is None else (Path(path).name, encoded(read_texts([path]), tokenizer))


def _held_out(run: Run | None) -> Texts | None:
    return ("held out from training", [list(ids) for ids in run.held_out]) if run and run.held_out else None


def _read_tokenizer(path: PathLike | None) -> Tokenizer:
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
