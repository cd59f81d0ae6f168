"""The one idea: the loop taken out of a recurrent model.

Each Keras RNN layer carries its own `cell`. The model is called on a single token with every call of an RNN layer
replaced by one call of that cell, and the cells' states become inputs and outputs. No recurrent mathematics is
written again, so a cell that the user wrote works like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from edgeword_export.errors import NotSteppableError
from edgeword_export.graphs.answer import Answer
from edgeword_export.graphs.lookup import Lookup
from edgeword_export.graphs.masks import passes_by
from edgeword_export.graphs.operations import Place, reshapes_to
from edgeword_export.graphs.recurrence.cells import cell_called, unrolled
from edgeword_export.graphs.signature import PLAIN, Signature, Style, Tensors, input_spec, predictions
from edgeword_export.graphs.substitution import Substitute, all_layers, any_length, calls_of, substituted
from edgeword_export.graphs.time_steps import Recurrence, is_standard, time_steps
from edgeword_export.source.keras_model import NextWordModel

_TABLES = (layers.Embedding, layers.ReversibleEmbedding)


@dataclass(frozen=True)
class StepState:
    """One state of one call of a cell: float32 `start` of shape `[1, units]`, as the layer itself begins."""

    name: str
    start: NDArray[np.float32]


class StepModel:
    """A next-word model that reads one token of each row a call: `(token[B], state…) → (logits[B, V], state…)`.

    Raises NotSteppableError naming the layer or operation that needs more than one time step.
    """

    def __init__(self, source: NextWordModel, style: Style = PLAIN) -> None:
        self._source, self._style = source, style
        self._steps = time_steps(source.model)
        if self._steps.answers is not (Place.EACH if source.sequences else Place.LAST):
            raise NotSteppableError(f"model {source.model.name!r} answers for {self._steps.answers.value}")
        self._answer = Answer(source)
        starts = [start for recurrence in self._steps.recurrences for start in recurrence.start]
        self.states = [StepState(f"state_{number}", start) for number, start in enumerate(starts)]
        self._fixed = self._fixed_substitutes()

    def passes_by(self, padding: int) -> bool:
        """Whether the model passes this token by, as padding that is masked; raises NotSteppableError for half ways."""
        return passes_by(self._source, self._steps, padding)

    def signatures(self) -> list[Signature]:
        """`step`, and `advance`: the same without the vocabulary projection."""
        rows = self._style.rows
        specs = {"token": input_spec("token", (rows,), "int32")}
        for state in self.states:
            specs[state.name] = input_spec(state.name, (rows, *state.start.shape[1:]), "float32")
        return [
            Signature("step", specs, self._step, self._source.model),
            Signature("advance", specs, self._advance, self._source.model),
        ]

    def _step(self, inputs: Tensors) -> Tensors:
        logits, new_states = self._call(inputs)
        return {**predictions(logits, self._style), **new_states}

    def _advance(self, inputs: Tensors) -> Tensors:
        return self._call(inputs)[1]

    def _call(self, inputs: Tensors) -> tuple[Any, Tensors]:
        turns = _Turns(self._steps.recurrences, [inputs[state.name] for state in self.states])
        with substituted([*self._fixed, *turns.substitutes()]):
            output = self._source.model(ops.expand_dims(inputs["token"], 1), training=False)
        names = [f"next_{state.name}" for state in self.states]
        return self._answer.logits(output), dict(zip(names, turns.left, strict=True))

    def _fixed_substitutes(self) -> list[Substitute]:
        """What is the same in every call of the model."""
        model = self._source.model
        tables = [layer for layer in all_layers(model) if type(layer) in _TABLES]
        stepped = {id(each.layer) for each in self._steps.recurrences}
        others = [layer for layer in all_layers(model) if is_standard(layer) and id(layer) not in stepped]
        distributed = [layer for layer in all_layers(model) if type(layer) is layers.TimeDistributed]
        reshaped = [operation for operation, place in self._steps.reshaped.items() if place is Place.EACH]
        return [
            *any_length(model),
            *self._answer.substitutes,
            *calls_of(tables, lambda layer: Lookup(layer, self._style.table_bits)),
            *calls_of(others, unrolled),  # inside of what is called for each time step
            *calls_of(distributed, _single),
            *calls_of(reshaped, _reshaping),
        ]


class _Turns:
    """The recurrent layers of one run, each called when its turn comes, with its own states."""

    def __init__(self, recurrences: list[Recurrence], states: list[Any]) -> None:
        self._layers = {id(each.layer): each.layer for each in recurrences}
        self._recurrences, self._states = iter(recurrences), iter(states)
        self.left: list[Any] = []
        """The states after the run, in order."""

    def substitutes(self) -> list[Substitute]:
        """Each layer's call: one time step."""
        return calls_of(self._layers.values(), self._stepping)

    def _stepping(self, layer: keras.layers.RNN) -> Callable[..., Any]:
        def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:  # noqa: ARG001
            if next(self._recurrences).layer is not layer:
                raise NotSteppableError(f"layer {layer.name!r} is called in another order than the model's graph says")
            structure = layer.get_initial_state(batch_size=1)
            states = _taken(structure, self._states)
            output, new_states = cell_called(layer, ops.squeeze(sequences, 1), states)
            self.left += keras.tree.flatten(new_states)
            answer = ops.expand_dims(output, 1) if layer.return_sequences else output
            return (answer, *new_states) if layer.return_state else answer

        return call


def _taken(structure: Any, states: Iterator[Any]) -> Any:
    """As many of the states as a cell has, in its structure."""
    return keras.tree.map_structure(lambda _state: next(states), structure)


def _single(distributed: keras.layers.TimeDistributed) -> Callable[..., Any]:
    """One time step of what is called for each: Keras would transpose batch and time, and stack the results."""
    return lambda inputs, **_options: ops.expand_dims(distributed.layer(ops.squeeze(inputs, 1)), 1)


def _reshaping(operation: Any) -> Callable[..., Any]:
    """One time step of what reshapes the features."""
    features = tuple(reshapes_to(operation) or ())[1:]
    return lambda inputs: ops.reshape(inputs, (inputs.shape[0] or -1, 1, *features))
