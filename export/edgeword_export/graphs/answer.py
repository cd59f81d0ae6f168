"""From what a model answers to logits: its last softmax is left out, not undone."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras.src.ops.nn import Softmax as SoftmaxOperation

from edgeword_export.graphs.operations import functional
from edgeword_export.graphs.substitution import Substitute
from edgeword_export.source.keras_model import NextWordModel
from edgeword_export.source.logits import log_probabilities

_ACTIVATED = (keras.layers.Dense, keras.layers.EinsumDense, keras.layers.Activation)


class Answer:
    """How a model's answer becomes logits: `substitutes` while it runs, then `logits`."""

    def __init__(self, source: NextWordModel) -> None:
        self.final = _final_operation(source.model)
        """The operation that answers, and does nothing else; None where there is no such one."""
        self.substitutes = _without_softmax(self.final) if source.probabilities else []
        self._vocabulary = source.vocabulary
        self._probabilities = source.probabilities and not self.substitutes

    def logits(self, answer: Any) -> Any:
        """Logits `[B, V]` float32 from the answers at one position of each row."""
        logits = tf.reshape(tf.cast(answer, tf.float32), (answer.shape[0] or -1, self._vocabulary))
        return log_probabilities(logits, probabilities=True) if self._probabilities else logits


def _final_operation(model: keras.Model) -> Any:
    """Looked for within the models inside of the model too."""
    graph, operation = functional(model), model
    while graph is not None:
        operation = graph.outputs[0]._keras_history.operation
        calls = [node for nodes in graph._nodes_by_depth.values() for node in nodes if node.operation is operation]
        if len(calls) != 1:
            return None
        graph = functional(operation)
    return operation


def _without_softmax(operation: Any) -> list[Substitute]:
    """What makes the operation answer logits; nothing where it ends in no softmax along its last axis."""
    if isinstance(operation, keras.layers.TimeDistributed) and not operation.layer._inbound_nodes:
        return _without_softmax(operation.layer)
    if type(operation) in (keras.layers.Softmax, SoftmaxOperation) and operation.axis == -1:
        return [Substitute(operation, "call", lambda inputs, **_options: inputs)]
    if type(operation) in _ACTIVATED and operation.activation is keras.activations.softmax:
        return [Substitute(operation, "activation", keras.activations.linear)]
    return []
