"""A Keras next-word model, read from a run folder or a file, and what it answers."""

from __future__ import annotations

import functools
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

import edgeword_train.models.cells  # noqa: F401 (registers the cells that a run may hold)
from edgeword.bundle.spec import Window
from edgeword.errors import InputFileError
from edgeword.padding import Padding
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.errors import ModelError
from edgeword_export.source.logits import log_probabilities

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")

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
        rows = max(1, min(128, _MAX_LOGITS // (self.vocabulary * (windows.shape[1] if self.sequences else 1))))
        chunks = [self._answer(windows[start : start + rows]) for start in range(0, len(windows), rows)]
        last: NDArray[np.float32] = np.concatenate([chunk[:, -1] if self.sequences else chunk for chunk in chunks])
        return last

    def sequence_logprobs(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Log-probabilities `[T, V]` after each token of one unpadded text, all words before it in view."""
        texts = [ids] if self.sequences else [ids[:end] for end in range(1, len(ids) + 1)]
        answers = [self._answer(np.asarray([text], np.int32)) for text in texts]
        return answers[0][0] if self.sequences else np.concatenate(answers)

    def _answer(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        answer: NDArray[np.float32] = self._traced(tf.constant(ids)).numpy()
        return answer

    @functools.cached_property
    def _traced(self) -> Any:
        def answer(ids: tf.Tensor) -> tf.Tensor:
            return log_probabilities(tf.cast(self.model(ids, training=False), tf.float32), self.probabilities)

        return tf.function(answer, input_signature=[tf.TensorSpec((None, self.length), tf.int32)])


def load_keras(path: Path, custom_objects: Mapping[str, Any] | None = None) -> keras.Model:
    """Read a `.keras` or `.h5` file; code inside it is never run (`safe_mode`). Raises ModelError."""
    if not path.is_file():
        raise InputFileError(f"there is no file {path}; give a run folder, a .keras or a .h5 file")
    if path.suffix not in KERAS_SUFFIXES:
        raise ModelError(f"{path} is neither a run folder nor a {', '.join(KERAS_SUFFIXES)} file; save it with Keras")
    if path.suffix == ".keras" and not zipfile.is_zipfile(path):
        raise ModelError(f"Keras cannot read {path}: it is cut off or no .keras file; save or copy it again")
    try:
        model = keras.models.load_model(path, custom_objects=custom_objects, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the damaged part of the file led to
        raise ModelError(f"Keras cannot read {path}: {_mend(error)}") from None
    for layer in leaf_layers(model):
        if isinstance(layer, keras.layers.Lambda):
            raise ModelError(f"{path}: {_lambda_refused(layer.name)}")
    return model


def _mend(error: Exception) -> str:
    """What Keras says, in one line that says how to go on."""
    text = str(error)
    if "Lambda" in text and "unsafe" in text.lower():
        return _lambda_refused("")
    unknown = re.search(r"(?:locate class|deserialize class|Unknown \w+:?) ['\"]?([\w>]+)", text)
    if unknown:
        name = unknown[1].rpartition(">")[2]
        return f"it does not know {name!r}; give its class, registered with Keras, as --custom-objects module:{name}"
    return f"{first_line(error)}; save the model again"


def _lambda_refused(name: str) -> str:
    layer = f"the Lambda layer {name!r}" if name else "a Lambda layer"
    return f"{layer} holds code that would run here; put it into a layer class and give that with --custom-objects"


def inspect_model(model: keras.Model) -> NextWordModel:
    """Check that a model maps ids to a word's distribution; raises ModelError naming what does not fit."""
    length = _input_length(model)
    _check_embeddings(model)
    masked = any(getattr(layer, "mask_zero", False) for layer in leaf_layers(model))
    probe = np.ones((2, length or 3), np.int32)
    try:
        output = np.asarray(model(tf.constant(probe), training=False))
    except Exception as error:  # any layer may refuse in its own way
        raise ModelError(f"the model does not take ids [B, {length or 'L'}]: {first_line(error)}") from None
    if output.ndim not in (2, 3) or (output.ndim == 3 and output.shape[1] != probe.shape[1]):
        raise ModelError(f"the model answers {_shape(output)}; a next-word model answers [B, V] or [B, L, V]")
    if not np.isfinite(output).all():
        raise ModelError("the model answers NaN or infinity; train it again with a smaller learning rate")
    vocabulary = output.shape[-1]
    for layer in _embeddings(model):
        if layer.input_dim < vocabulary:
            raise ModelError(
                f"the model answers {_shape(output)} and layer {layer.name!r} has {layer.input_dim} rows: "
                "it could not read its own words"
            )
    probabilities = bool((output >= 0).all() and np.allclose(output.sum(-1), 1, atol=1e-3))
    return NextWordModel(model, length, vocabulary, output.ndim == 3, probabilities, masked)


def check_tokenizer(tokenizer: Tokenizer, source: NextWordModel) -> None:
    """Refuse a tokenizer with ids that the model does not answer; raises ModelError."""
    if tokenizer.vocab_size <= source.vocabulary:
        return
    answers = f"[B, {'L, ' if source.sequences else ''}{source.vocabulary}]"
    rows = "".join(f", layer {layer.name!r} has {layer.input_dim} rows" for layer in _embeddings(source.model))
    raise ModelError(
        f"the tokenizer has {tokenizer.vocab_size} ids, the model answers {answers}{rows}; "
        "give the tokenizer that a next-word model was trained with"
    )


def _embeddings(model: keras.Model) -> list[keras.layers.Embedding]:
    return [layer for layer in leaf_layers(model) if isinstance(layer, keras.layers.Embedding)]


def _check_embeddings(model: keras.Model) -> None:
    dtype = str(model.inputs[0].dtype)
    if dtype.startswith("float") and not _embeddings(model):
        raise ModelError(f"the model's input {model.inputs[0].name!r} is {dtype} and no Embedding reads ids from it")
    if not dtype.startswith(("float", "int", "uint")):
        raise ModelError(
            f"the model's input is {dtype}; take the text layer off, and give its vocabulary as --tokenizer"
        )


def window_of(source: NextWordModel, length: int | None, padding: Padding) -> Window:
    """The window that a model is fed with; `length` speaks where the model itself leaves it open."""
    if source.length and length and length != source.length:
        raise ModelError(f"--window {length}, but the model reads windows of {source.length}; leave --window out")
    return Window(source.length or length, padding, source.masked)


def final_layer(model: keras.Model) -> keras.layers.Layer:
    """The layer whose output is the model's."""
    return model.outputs[0]._keras_history.operation


def leaf_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model and of the models inside it."""
    found: list[keras.layers.Layer] = []
    for layer in model.layers:
        found.extend(leaf_layers(layer) if isinstance(layer, keras.Model) else [layer])
    return found


def _input_length(model: keras.Model) -> int | None:
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ModelError("the model has no fixed inputs; build it as Sequential or Functional with keras.Input")
    if len(inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(f"the model has {len(inputs)} inputs and {len(model.outputs)} outputs; one of each is needed")
    if len(inputs[0].shape) != 2:
        raise ModelError(f"the model's input is {tuple(inputs[0].shape)}; a next-word model reads ids [B, L]")
    length = inputs[0].shape[1]
    return None if length is None else int(length)


def _shape(array: NDArray[Any]) -> str:
    return f"[B, {', '.join(str(size) for size in array.shape[1:])}]"


def first_line(error: BaseException) -> str:
    """An error's text on one line, at most 240 characters of it."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 240 else text[:237] + "..."
