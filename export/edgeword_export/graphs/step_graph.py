"""The one idea: the loop taken out of a recurrent model.

Each Keras RNN layer carries its own `cell`. The model is cloned for a single time step with every RNN layer
replaced by one call of that cell, and the cells' states become inputs and outputs. No recurrent mathematics is
written again, so a cell that the user wrote works like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeword_export.errors import NotSteppableError
from edgeword_export.graphs.lookup import Lookup
from edgeword_export.graphs.signature import PLAIN, Signature, Style, Tensors, input_spec, predictions
from edgeword_export.source.keras_model import NextWordModel, final_layer, leaf_layers
from edgeword_export.source.logits import log_probabilities, without_softmax

# Layers that treat each time step by itself. Whatever else a model holds goes through the window graph.
_PER_TIME_STEP = (
    keras.layers.InputLayer,
    keras.layers.Embedding,
    keras.layers.Masking,
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.AlphaDropout,
    keras.layers.ActivityRegularization,
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.TimeDistributed,
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
    keras.layers.UnitNormalization,
    keras.layers.BatchNormalization,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
    keras.layers.Identity,
    keras.layers.Add,
    keras.layers.Subtract,
    keras.layers.Multiply,
    keras.layers.Average,
    keras.layers.Maximum,
    keras.layers.Minimum,
    keras.layers.Concatenate,
)


@dataclass(frozen=True)
class StepState:
    """One state of one cell: float32 `start` of shape `[1, units]`, as the layer itself begins."""

    name: str
    start: NDArray[np.float32]


class StepModel:
    """A next-word model that reads one token a call: `(token[1], state…) → (logits[1, V], state…)`."""

    def __init__(self, source: NextWordModel, style: Style = PLAIN) -> None:
        self._style = style
        rnns = [_steppable(layer) for layer in leaf_layers(source.model)]
        self._rnns = [layer for layer in rnns if layer is not None]
        self._vocabulary = source.vocabulary
        self._exchange = _Exchange()
        self._final = final_layer(source.model)
        self._linear = without_softmax(self._final)
        self._probabilities = source.probabilities and self._linear is None
        self.model = keras.models.clone_model(
            source.model,
            input_tensors=keras.Input(batch_shape=(1, 1), dtype="int32"),
            clone_function=self._single_step,
        )
        starts = {rnn.name: keras.tree.flatten(rnn.get_initial_state(batch_size=1)) for rnn in self._rnns}
        self._keys = [(name, index) for name, arrays in starts.items() for index in range(len(arrays))]
        self.states = [
            StepState(f"state_{number}", np.asarray(starts[name][index], np.float32))
            for number, (name, index) in enumerate(self._keys)
        ]

    def signatures(self) -> list[Signature]:
        """`step`, and `advance`: the same without the vocabulary projection."""
        specs = {"token": input_spec("token", (1,), "int32")}
        for state in self.states:
            specs[state.name] = input_spec(state.name, state.start.shape, "float32")
        return [
            Signature("step", specs, self._step, self.model),
            Signature("advance", specs, self._advance, self.model),
        ]

    def _step(self, inputs: Tensors) -> Tensors:
        logits, new_states = self._call(inputs)
        return {**predictions(logits, self._style), **new_states}

    def _advance(self, inputs: Tensors) -> Tensors:
        return self._call(inputs)[1]

    def _call(self, inputs: Tensors) -> tuple[Any, Tensors]:
        given: dict[str, list[Any]] = {rnn.name: [] for rnn in self._rnns}
        for (name, _), state in zip(self._keys, self.states, strict=True):
            given[name].append(inputs[state.name])
        output, left = self._exchange.run(self.model, inputs["token"][:, None], given)
        logits = tf.reshape(output, (1, self._vocabulary))
        if self._probabilities:
            logits = log_probabilities(logits, probabilities=True)
        new_states = {
            f"next_{state.name}": left[name][index]
            for (name, index), state in zip(self._keys, self.states, strict=True)
        }
        return logits, new_states

    def _single_step(self, layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.RNN):
            return _CellCall(layer, self._exchange)
        if layer is self._final and self._linear is not None:
            layer = self._linear
        if isinstance(layer, keras.layers.TimeDistributed):
            return _SingleStep(layer)
        if type(layer) in (keras.layers.Embedding, keras.layers.ReversibleEmbedding):
            return Lookup(layer, self._style.int8_rows)
        if isinstance(layer, keras.Model):
            return self._nested(layer)
        return layer

    def _nested(self, model: keras.Model) -> keras.Model:
        _, _, *features = model.inputs[0].shape
        single = keras.Input(batch_shape=(1, 1, *features), dtype=model.inputs[0].dtype)
        return keras.models.clone_model(model, input_tensors=single, clone_function=self._single_step)


class _Exchange:
    """Where the cells of a clone find their states, and leave the new ones, while a graph is traced."""

    def __init__(self) -> None:
        self.given: dict[str, list[Any]] = {}
        self.left: dict[str, list[Any]] = {}

    def run(self, model: keras.Model, token: Any, given: dict[str, list[Any]]) -> tuple[Any, dict[str, list[Any]]]:
        """Call the clone on one token `[1, 1]` with these states; its output and the states after it."""
        self.given, self.left = given, {}
        try:
            return model(token, training=False), self.left
        finally:
            self.given = {}


class _SingleStep(keras.layers.Layer):  # type: ignore[misc]
    """`TimeDistributed` over one time step: its layer, called once."""

    def __init__(self, distributed: keras.layers.TimeDistributed) -> None:
        super().__init__(name=f"{distributed.name}_single", dtype=distributed.dtype_policy)
        self.supports_masking = True
        self.layer = distributed.layer

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: ARG002
        """`[1, 1, …]` → `[1, 1, …]`."""
        return keras.ops.expand_dims(self.layer(keras.ops.squeeze(inputs, 1)), 1)


class _CellCall(keras.layers.Layer):  # type: ignore[misc]
    """One call of an RNN layer's cell in the layer's place: `[1, 1, E]` → `[1, 1, U]` or `[1, U]`."""

    def __init__(self, rnn: keras.layers.RNN, exchange: _Exchange) -> None:
        super().__init__(name=f"{rnn.name}_cell", dtype=rnn.dtype_policy)
        self.supports_masking = True
        self.cell = rnn.cell
        self._rnn = rnn
        self._exchange = exchange

    def call(
        self,
        inputs: Any,
        initial_state: Any = None,
        mask: Any = None,  # noqa: ARG002
        training: bool | None = None,  # noqa: ARG002
    ) -> Any:
        """Run the cell once, on the only time step there is."""
        if initial_state is not None:
            raise NotSteppableError(f"layer {self._rnn.name!r} begins from a state that another layer computes")
        start = self._rnn.get_initial_state(batch_size=1)
        flat = self._exchange.given.get(self._rnn.name) or keras.tree.flatten(start)
        output, new_state = self.cell(
            keras.ops.squeeze(inputs, 1), keras.tree.pack_sequence_as(start, flat), training=False
        )
        left = keras.tree.flatten(new_state)
        self._exchange.left[self._rnn.name] = left
        if self._rnn.return_sequences:
            output = keras.ops.expand_dims(output, 1)
        return [output, *left] if self._rnn.return_state else output


def _steppable(layer: keras.layers.Layer) -> keras.layers.RNN | None:
    """The layer if it is recurrent, None if it treats time steps by themselves; raises NotSteppableError."""
    kind = type(layer).__name__
    if isinstance(layer, keras.layers.RNN):
        if layer.go_backwards:
            raise NotSteppableError(f"layer {layer.name!r} ({kind}) reads the text backwards")
        return layer
    if not isinstance(layer, _PER_TIME_STEP):
        raise NotSteppableError(f"layer {layer.name!r} ({kind}) may read more than one time step at once")
    return None
