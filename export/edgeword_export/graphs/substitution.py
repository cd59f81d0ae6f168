"""A Keras model run with parts of it replaced, for as long as a graph is traced.

Keras itself runs the model: nested models, masks and layers that are called twice are its own business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from edgeword_export.graphs.operations import functional

_ABSENT = object()


@dataclass(frozen=True)
class Substitute:
    """What an operation's own attribute, its `call` mostly, is replaced by."""

    operation: Any
    attribute: str
    value: Any


@contextmanager
def substituted(substitutes: Iterable[Substitute]) -> Iterator[None]:
    """Put substitutes in their places, and take them out again."""
    # Past Keras' own care for attributes: these are no parts of the model.
    before = []
    # Keras wraps what a layer raises in a page about the layer's arguments.
    told = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        for each in substitutes:
            before.append((each, vars(each.operation).get(each.attribute, _ABSENT)))
            object.__setattr__(each.operation, each.attribute, each.value)
        yield
    finally:
        if told:
            keras.config.enable_traceback_filtering()
        for each, value in reversed(before):
            if value is _ABSENT:
                object.__delattr__(each.operation, each.attribute)
            else:
                object.__setattr__(each.operation, each.attribute, value)


def any_length(model: keras.Model) -> list[Substitute]:
    """Whatever lengths the models declare, and whatever type their ids have: int32 is what comes in."""
    models = [layer for layer in all_layers(model) if isinstance(layer, keras.Model)]
    graphs = {id(graph): graph for graph in map(functional, models) if graph is not None}.values()
    return [
        *(Substitute(each, "_assert_input_compatibility", lambda *_args, **_kwargs: None) for each in models),
        *(Substitute(graph, "_convert_inputs_to_tensors", list) for graph in graphs),
    ]


def all_layers(model: keras.Model) -> Sequence[keras.layers.Layer]:
    """The model, its layers, and the layers inside of them."""
    layers: Sequence[keras.layers.Layer] = model._flatten_layers()
    return layers


def calls_of(
    layers: Iterable[keras.layers.Layer], replaced: Callable[[keras.layers.Layer], Callable[..., Any] | None]
) -> list[Substitute]:
    """Substitutes for the calls of those layers that `replaced` knows another call for."""
    pairs = ((layer, replaced(layer)) for layer in layers)
    return [Substitute(layer, "call", call) for layer, call in pairs if call is not None]
