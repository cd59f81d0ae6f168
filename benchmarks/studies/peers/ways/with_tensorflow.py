"""The Keras model as a notebook runs it: a padded window for each word, with TensorFlow's default threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from studies.peers.task import WINDOW
from studies.peers.ways.loops import Loaded, Loop, replaying


def build(folder: Path, way: str) -> Loaded:
    """`way` is a key of the table below."""
    model = keras.models.load_model(folder / "model.keras", compile=False)
    return Loaded(_WAYS[way](model), f"tensorflow {tf.__version__}, keras {keras.__version__}")


def predict(model: keras.Model) -> Loop:
    """`pad_sequences`, `model.predict`, argmax."""
    return _padded(lambda window: model.predict(window, verbose=0))


def _function(model: keras.Model, *, xla: bool) -> Loop:
    spec = tf.TensorSpec((1, WINDOW), tf.int32)
    function = tf.function(lambda window: model(window, training=False), input_signature=[spec], jit_compile=xla)
    return _padded(lambda window: function(window).numpy())


def _padded(call: Callable[[Any], Any]) -> Loop:
    def answer(ids: Sequence[int]) -> Any:
        return call(keras.utils.pad_sequences([ids], maxlen=WINDOW, padding="pre"))[0]

    return replaying(answer)


_WAYS: dict[str, Callable[[keras.Model], Loop]] = {
    "predict": predict,
    "function": lambda model: _function(model, xla=False),
    "xla": lambda model: _function(model, xla=True),
}
