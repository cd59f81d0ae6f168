"""A Keras next-word model, read from a run folder or a file, and what it answers."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import edgeword_train.cells  # noqa: F401 (registers the cells that a run may hold)
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeword.errors import InputFileError
from edgeword.manifest import Window
from edgeword.padding import Padding
from edgeword_export.errors import ModelError
from edgeword_export.logits import log_probabilities

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
DEFAULT_PADDING = Padding("pre", "pre")

# How many logits a chunk of the reference may hold: 50 million float32 are 200 MB.
_MAX_LOGITS = 50_000_000


@dataclass(frozen=True)
class NextWordModel:
    """A Keras model that maps ids `[B, L]` to a word's distribution `[B, V]` or `[B, L, V]`."""

    model: keras.Model
    length: int | None
    """The fixed window L; None where the model reads any length."""
    vocabulary: int
    """Width V of the output."""
    sequences: bool
    """Whether every position is answered (`[B, L, V]`) or only the last (`[B, V]`)."""
    probabilities: bool
    """Whether the answer is a softmax already; logits otherwise."""
    masked: bool
    """Whether padding (id 0) is masked."""

    def last_logprobs(self, windows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Log-probabilities `[N, V]` after padded windows `[N, L]`."""
        rows = max(
            1, min(128, _MAX_LOGITS // (self.vocabulary * (windows.shape[1] if self.sequences else 1)))
        )
        chunks = [self._answer(windows[start : start + rows]) for start in range(0, len(windows), rows)]
        return np.concatenate([chunk[:, -1] if self.sequences else chunk for chunk in chunks])

    def sequence_logprobs(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Log-probabilities `[T, V]` after each token of one unpadded text, all words before it in view."""
        return self._answer(np.asarray([ids], np.int32))[0]

    def _answer(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        output = self.model(tf.constant(ids), training=False)
        return log_probabilities(tf.cast(output, tf.float32), self.probabilities).numpy()


def load_keras(path: Path, custom_objects: dict[str, Any] | None = None) -> keras.Model:
    """Read a `.keras` or `.h5` file; code inside it is never run (`safe_mode`). Raises ModelError."""
    if not path.is_file():
        raise InputFileError(f"there is no file {path}; give a run folder, a .keras or a .h5 file")
    if path.suffix not in KERAS_SUFFIXES:
        raise ModelError(
            f"{path} is neither a run folder nor a {', '.join(KERAS_SUFFIXES)} file; save it with Keras"
        )
    try:
        return keras.models.load_model(path, custom_objects=custom_objects, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelError(f"Keras cannot read {path}: {_first_sentence(error)}") from None


def inspect_model(model: keras.Model) -> NextWordModel:
    """Check that a model maps ids to a word's distribution; raises ModelError naming what does not fit."""
    length = _input_length(model)
    masked = any(getattr(layer, "mask_zero", False) for layer in leaf_layers(model))
    probe = np.ones((2, length or 3), np.int32)
    try:
        output = np.asarray(model(tf.constant(probe), training=False))
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise ModelError(
            f"the model does not take ids [B, {length or 'L'}]: {_first_sentence(error)}"
        ) from None
    if output.ndim not in (2, 3) or (output.ndim == 3 and output.shape[1] != probe.shape[1]):
        raise ModelError(f"the model answers {_shape(output)}; a next-word model answers [B, V] or [B, L, V]")
    vocabulary = output.shape[-1]
    rows = [layer.input_dim for layer in leaf_layers(model) if isinstance(layer, keras.layers.Embedding)]
    if rows and vocabulary < 3:
        raise ModelError(f"the model answers {_shape(output)}: {vocabulary} classes are no vocabulary")
    probabilities = bool((output >= 0).all() and np.allclose(output.sum(-1), 1, atol=1e-3))
    return NextWordModel(model, length, vocabulary, output.ndim == 3, probabilities, masked)


def window_of(source: NextWordModel, length: int | None, padding: Padding = DEFAULT_PADDING) -> Window:
    """The window that a model is fed with; `length` speaks where the model itself leaves it open."""
    if source.length and length and length != source.length:
        raise ModelError(
            f"--window {length}, but the model reads windows of {source.length}; leave --window out"
        )
    known = source.length or length
    if not known:
        raise ModelError("the model reads any length; say with --window L how many words it was trained on")
    return Window(known, padding, source.masked)


def final_layer(model: keras.Model) -> keras.layers.Layer:
    """The layer whose output is the model's."""
    return model.outputs[0]._keras_history.operation  # noqa: SLF001


def leaf_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model and of the models inside it."""
    found: list[keras.layers.Layer] = []
    for layer in model.layers:
        found.extend(leaf_layers(layer) if isinstance(layer, keras.Model) else [layer])
    return found


def _input_length(model: keras.Model) -> int | None:
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ModelError(
            "the model has no fixed inputs; build it as Sequential or Functional with keras.Input"
        )
    if len(inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"the model has {len(inputs)} inputs and {len(model.outputs)} outputs; one of each is needed"
        )
    if len(inputs[0].shape) != 2:
        raise ModelError(f"the model's input is {tuple(inputs[0].shape)}; a next-word model reads ids [B, L]")
    length = inputs[0].shape[1]
    return None if length is None else int(length)


def _shape(array: NDArray[Any]) -> str:
    return f"[B, {', '.join(str(size) for size in array.shape[1:])}]"


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 240 else text[:237] + "..."
