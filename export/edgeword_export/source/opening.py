"""What is to be exported: a run folder, or a Keras file with its tokenizer; brought into one form."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import keras

from edgeword.bundle.spec import Window
from edgeword.errors import EdgewordWarning, UsageError
from edgeword.input_files import writable
from edgeword.padding import Padding
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.markers import Markers, lines_without, markers_in_training
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.keras_files.paths import is_saved_model
from edgeword_export.keras_files.reading import load_keras
from edgeword_export.keras_files.refusals import first_line
from edgeword_export.options import ExportOptions, PathLike
from edgeword_export.source.evaluation import After, Evaluation, encoded, evaluation_of, sampled
from edgeword_export.source.forms import computed_in, in_form
from edgeword_export.source.keras_model import NextWordModel, check_tokenizer, fitted, inspect_model, window_of
from edgeword_export.source.text_layers import without_text_layer
from edgeword_export.tokenizer_files.reading import read_any_tokenizer
from edgeword_export.tokenizer_files.vocabularies import fillers
from edgeword_train.data.text_files import read_texts
from edgeword_train.run.folder import Run, load_run

# Fixed windows are also tried on text that outgrows them: there a step would remember what a window forgets.
_WINDOWS_PER_PIECE = 3
_LONGEST_PIECE = 200


@dataclass(frozen=True)
class Source:
    """A checked model with its tokenizer, the window that is guessed for it, and facts for the manifest."""

    model: NextWordModel
    tokenizer: AnyTokenizer
    window: Window
    windowed: bool
    """Whether the model's own words come from a window of fixed length."""
    run: Run | None
    """Where it was trained, if edgeword did it."""
    facts: Mapping[str, Any]
    mends: tuple[str, ...] = ()
    """What had to be mended in the file of an older Keras, or brought into another form."""
    arithmetic: str = "float32"
    """What its layers compute in, as their owner has them."""

    @property
    def tokenizer_bytes(self) -> bytes:
        """The bundle's tokenizer file."""
        return self.tokenizer.to_json().encode("utf-8")


def open_source(given: PathLike | keras.Model, options: ExportOptions) -> Source:
    """Read and check MODEL and what belongs to it; raises the error that names what does not fit."""
    keras_model, run, facts, mends = _loaded(given, options)
    keras_model, text = without_text_layer(keras_model)
    arithmetic = computed_in(keras_model)
    keras_model, forms = in_form(keras_model, options.window)
    model = inspect_model(keras_model)
    known = run.tokenizer if run else text.layer if text else None
    tokenizer = fitted(_read_tokenizer(known if options.tokenizer is None else options.tokenizer), model)
    check_tokenizer(tokenizer, model)
    length = options.window or (run.window if run else text.length if text else None)
    padding = Padding("post", "post") if text else Padding(options.padding, options.truncating, _filler(tokenizer))
    window = window_of(model, length, padding)
    windowed = model.length is not None or options.decode == "window" or (run is None and length is not None)
    if windowed and window.length is None:
        raise UsageError("--decode window: the model reads any length; say with --window L how many words it is to see")
    said = (*mends, *([text.said] if text else []), *forms)
    return Source(model, tokenizer, window, windowed, run, facts or _facts(given, model), said, arithmetic)


def _loaded(
    given: PathLike | keras.Model, options: ExportOptions
) -> tuple[keras.Model, Run | None, Mapping[str, Any] | None, tuple[str, ...]]:
    """The Keras model; the run that it is of, with its facts; what was mended in its file."""
    if isinstance(given, keras.Model):
        return given, None, None, ()
    path = Path(given)
    run = load_run(path) if path.is_dir() and not is_saved_model(path) else None
    model, mends = load_keras(run.model_path if run else path, _custom_objects(options.custom_objects))
    return model, run, run.facts if run else None, mends


def _facts(given: PathLike | keras.Model, model: NextWordModel) -> Mapping[str, Any]:
    name = given.name if isinstance(given, keras.Model) else writable(Path(given).name)
    return {"model": name, "parameters": model.model.count_params()}


def evaluation_text(source: Source, window: Window, windowed: bool, after: After, given: PathLike | None) -> Evaluation:
    """The text to measure on: given, held out from training, or sampled from the model as it is read."""
    longest = window.length * _WINDOWS_PER_PIECE if windowed and window.length else _LONGEST_PIECE
    text, sequences = (
        _given(given, source.tokenizer, source.run)
        or _held_out(source.run)
        or ("sampled from the model", sampled(after, min(longest, 60), source.tokenizer.vocab_size))
    )
    evaluation = evaluation_of(text, sequences, source.model.vocabulary, longest)
    if not evaluation.sequences:
        raise UsageError("there is too little text to measure on; give some with --eval FILE")
    return evaluation


Texts = tuple[str, list[list[int]]]
"""Where the text comes from, and its token sequences."""


def _given(path: PathLike | None, tokenizer: AnyTokenizer, run: Run | None) -> Texts | None:
    """Its markers are read as in the training."""
    if path is None:
        return None
    markers = Markers(keep=markers_in_training(run.facts if run else {}) == "keep")
    lines = lines_without(read_texts([path]), tokenizer.level, markers)
    texts = writable(Path(path).name), encoded(lines, tokenizer)
    if markers.warning:
        warnings.warn(markers.warning, EdgewordWarning, stacklevel=4)
    return texts


def _held_out(run: Run | None) -> Texts | None:
    return ("held out from training", [list(ids) for ids in run.held_out]) if run and run.held_out else None


def _filler(tokenizer: AnyTokenizer) -> int:
    """What a short text is filled up with: where id 0 is a word of its own, the word for it, or the space."""
    return next(iter(fillers(tokenizer)), 0) if isinstance(tokenizer, Tokenizer) and tokenizer.zero is not None else 0


def _read_tokenizer(tokenizer: Any) -> AnyTokenizer:
    if tokenizer is None:
        raise UsageError("a Keras file comes without its tokenizer; give it with --tokenizer FILE")
    return read_any_tokenizer(tokenizer)


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
