"""A Keras next-word model, and what it answers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeword.bundle.spec import Window
from edgeword.padding import Padding
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.tokenizer import MAX_ID, Tokenizer
from edgeword_export.errors import ModelError
from edgeword_export.keras_files.refusals import first_line
from edgeword_export.source.logits import log_probabilities

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

    @functools.cached_property
    def blank(self) -> int | None:
        """The id of a row of zeros behind those of the words: what one-hot characters are filled up with."""
        tables = [layer.embeddings for layer in _embeddings(self.model) if layer.input_dim > self.vocabulary]
        zeros = tables and not any(np.any(np.asarray(table[self.vocabulary])) for table in tables)
        return self.vocabulary if zeros else None

    def logprobs_at(self, windows: NDArray[np.int32], positions: NDArray[np.int64] | None) -> NDArray[np.float32]:
        """Log-probabilities `[N, V]` after windows `[N, L]`, at a position of each; None: at the last."""
        rows = max(1, min(128, _MAX_LOGITS // (self.vocabulary * (windows.shape[1] if self.sequences else 1))))
        chunks = []
        for start in range(0, len(windows), rows):
            answer = self._answer(windows[start : start + rows])
            if self.sequences:
                at = -1 if positions is None else positions[start : start + rows]
                answer = answer[np.arange(len(answer)), at]
            chunks.append(answer)
        return np.concatenate(chunks)

    def takes(self, length: int) -> bool:
        """Whether Keras runs the model on windows of this length, whatever length it declares."""
        try:
            return bool(np.isfinite(self._answer(np.ones((1, length), np.int32))).all())
        except Exception:  # each layer refuses in its own way
            return False

    def sequence_logprobs(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Log-probabilities `[T, V]` after each token of one unpadded text, all words before it in view."""
        texts = [ids] if self.sequences else [ids[:end] for end in range(1, len(ids) + 1)]
        answers = [self._answer(np.asarray([text], np.int32)) for text in texts]
        return answers[0][0] if self.sequences else np.concatenate(answers)

    def _answer(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        length = ids.shape[1]
        traced = self._traced(length if length == self.length or self._distributes else None)
        try:
            answer: NDArray[np.float32] = traced(tf.constant(ids)).numpy()
        except tf.errors.InvalidArgumentError:  # what inspection has run at another length
            raise ModelError(
                f"Keras does not run the model on {length} words; say with --window L how many it was trained on"
            ) from None
        return answer

    @functools.cached_property
    def _distributes(self) -> bool:
        """Whether a layer must know how many positions there are: TimeDistributed answers one of them where not."""
        return any(isinstance(layer, keras.layers.TimeDistributed) for layer in leaf_layers(self.model))

    def _traced(self, length: int | None) -> Any:
        def answer(ids: tf.Tensor) -> tf.Tensor:
            return log_probabilities(tf.cast(self.model(ids, training=False), tf.float32), self.probabilities)

        if length not in self._traces:
            self._traces[length] = tf.function(answer, input_signature=[tf.TensorSpec((None, length), tf.int32)])
        return self._traces[length]

    @functools.cached_property
    def _traces(self) -> dict[int | None, Any]:
        return {}


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


def fitted(tokenizer: AnyTokenizer, source: NextWordModel) -> AnyTokenizer:
    """Without the words that neither text nor model can come to: ids beyond both `num_words` and the output."""
    if not isinstance(tokenizer, Tokenizer) or (tokenizer.num_words or MAX_ID) > source.vocabulary:
        return tokenizer
    return dataclasses.replace(tokenizer, vocabulary=tokenizer.vocabulary[: source.vocabulary - 1])


def check_tokenizer(tokenizer: AnyTokenizer, source: NextWordModel) -> None:
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
    """The window that a model is shown; `length` wins over what it declares, wherever Keras runs that."""
    if source.length and length and length != source.length and not source.takes(length):
        raise ModelError(f"--window {length}, but the model reads windows of {source.length}; leave --window out")
    # Behind a text that is padded at its end, the last position says what comes after padding.
    reads: Literal["end", "text"] = "text" if source.sequences and padding.side == "post" else "end"
    return Window(length or source.length, padding, source.masked, reads=reads)


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
