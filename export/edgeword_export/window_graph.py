"""The window graph: the whole model on one padded window, for what cannot be taken step by step."""

from __future__ import annotations

import tensorflow as tf

from edgeword.manifest import Window
from edgeword_export.keras_model import NextWordModel
from edgeword_export.logits import log_probabilities
from edgeword_export.signature import Signature, Tensors, input_spec, with_greedy


def window_signature(source: NextWordModel, window: Window) -> Signature:
    """`window`: `ids[1, L] → logits[1, V]` after the window's last position."""

    def call(inputs: Tensors) -> Tensors:
        output = source.model(inputs["ids"], training=False)
        logits = tf.reshape(output[:, -1] if source.sequences else output, (1, source.vocabulary))
        if source.probabilities:
            logits = log_probabilities(logits, probabilities=True)
        return with_greedy(logits)

    return Signature("window", {"ids": input_spec("ids", (1, window.length), "int32")}, call, source.model)
