"""What of a model works time step by time step: a walk over the operations of its graph.

Layers do not tell: one that is called twice has two states, and `keras.ops` between layers are no layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edgeword_export.errors import NotSteppableError
from edgeword_export.graphs.operations import Call, Place, described, functional, place_after, reshapes_to

# A subclass that only brings its own cell runs as Keras' own does.
_CALLS = {cls.call for cls in (layers.RNN, layers.LSTM, layers.GRU, layers.SimpleRNN)}
_LOOPS = {cls.inner_loop for cls in (layers.RNN, layers.LSTM, layers.GRU, layers.SimpleRNN)}


@dataclass(frozen=True)
class Recurrence:
    """One call of a recurrent layer, with a state of its own."""

    layer: keras.layers.RNN
    start: tuple[NDArray[np.float32], ...]
    """Where its states begin, `[1, units]` each, in the order of the flattened state."""


@dataclass
class TimeSteps:
    """A model that reads one time step after another."""

    recurrences: list[Recurrence] = field(default_factory=list)
    """In the order in which Keras calls them."""
    reshaped: dict[Any, Place] = field(default_factory=dict)
    """What only reshapes, and of which positions the values are that it is called on."""
    answers: Place = Place.LAST


def time_steps(model: keras.Model) -> TimeSteps:
    """Walk a model's graph; raises NotSteppableError naming the layer or operation that needs more than one step."""
    found = TimeSteps()

    def call(node: Any, args: Any, kwargs: Any) -> list[Place]:
        given = keras.tree.flatten((args, {key: value for key, value in kwargs.items() if key != "mask"}))
        places = {value for value in given if isinstance(value, Place)}
        inner = functional(node.operation)
        if inner is not None:
            return _walk(inner, [value for value in given if isinstance(value, Place)], call)
        if isinstance(node.operation, layers.RNN):
            places = {given[0]}  # where it begins is looked at below
        if len(places) != 1:
            raise NotSteppableError(f"{described(node.operation)} combines each position with the last one")
        step = Call(node, *places)
        if reshapes_to(node.operation) and found.reshaped.setdefault(node.operation, step.place) is not step.place:
            raise step.refuse("is called on each position and on the last one")
        if isinstance(node.operation, layers.RNN):
            found.recurrences.append(_recurrence(step))
            first = Place.EACH if node.operation.return_sequences else Place.LAST
            return [first, *[Place.LAST] * (len(node.outputs) - 1)]
        return [place_after(step)] * len(node.outputs)

    graph = functional(model)
    if graph is None:
        raise NotSteppableError(f"model {model.name!r} ({type(model).__name__}) has a call of its own")
    found.answers = _walk(graph, [Place.EACH] * len(graph.inputs), call)[0]
    return found


def is_standard(layer: keras.layers.Layer) -> bool:
    """Whether a layer calls its cell along time as Keras' own recurrent layers do."""
    kind = type(layer)
    return isinstance(layer, layers.RNN) and kind.call in _CALLS and kind.inner_loop in _LOOPS


def _walk(graph: Any, inputs: Sequence[Place], call: Callable[[Any, Any, Any], Sequence[Place]]) -> list[Place]:
    """The places of a graph's outputs, found call by call, in the order in which Keras runs them."""
    places = dict(zip(map(id, graph.inputs), inputs, strict=True))
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if not node.is_input and all(id(tensor) in places for tensor in node.input_tensors):
                args, kwargs = node.arguments.fill_in(places)
                places.update(zip(map(id, node.outputs), call(node, args, kwargs), strict=True))
    return [places[id(tensor)] for tensor in graph.outputs]


def _recurrence(call: Call) -> Recurrence:
    layer = call.operation
    if not is_standard(layer):
        raise call.refuse("may read more than one time step at once")
    if call.place is not Place.EACH or call.rank != 3:
        raise call.refuse("reads something else than the positions of the text")
    if layer.go_backwards:
        raise call.refuse("reads the text backwards")
    if layer.stateful and sum(node.operation is layer for node in layer._inbound_nodes) > 1:
        raise call.refuse("is stateful and called more than once")
    states = keras.tree.flatten(layer.get_initial_state(batch_size=1))
    given = keras.tree.flatten(_initial_state(call.node.arguments))
    if any(isinstance(value, keras.KerasTensor) for value in given):
        raise call.refuse("begins from a state that another layer computes")
    if given and [tuple(value.shape) for value in given] != [tuple(state.shape) for state in states]:
        raise call.refuse("begins from a state for each text")
    return Recurrence(layer, tuple(np.asarray(state, np.float32) for state in given or states))


def _initial_state(arguments: Any) -> Any:
    state = arguments.args[1] if len(arguments.args) > 1 else arguments.kwargs.get("initial_state")
    return [] if state is None else state
