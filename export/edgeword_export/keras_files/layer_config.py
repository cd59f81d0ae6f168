"""A layer as a Keras file describes it: `{"class_name", "config", ...}`, and the layers inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

LayerConfig = dict[str, Any]

MODELS = ("Sequential", "Functional", "Model")
RECURRENT = ("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional")


def options(layer: LayerConfig) -> dict[str, Any]:
    """What the layer is made with; none for a Sequential that is a bare list."""
    config = layer.get("config")
    return config if isinstance(config, dict) else {}


def class_of(layer: LayerConfig) -> Any:
    """Keras' own class of a layer; None for one that somebody else wrote, or that Keras dropped."""
    name = layer.get("class_name")
    return getattr(keras.layers, name, None) if isinstance(name, str) and name not in MODELS else None


def with_options(layer: LayerConfig, drop: tuple[str, ...] = (), /, **changed: Any) -> LayerConfig:
    """The layer with some options left out and others set."""
    kept = {name: value for name, value in options(layer).items() if name not in drop}
    return {**layer, "config": {**kept, **changed}}


def map_inner(layer: LayerConfig, change: Callable[[LayerConfig], LayerConfig]) -> LayerConfig:
    """The layer with every layer, wrapped layer and cell inside it changed."""
    changed: dict[str, Any] = {}
    for name, value in options(layer).items():
        if name in ("layers", "cells") and isinstance(value, list):
            changed[name] = [change(inner) if is_layer(inner) else inner for inner in value]
        elif name in ("layer", "backward_layer", "cell") and is_layer(value):
            changed[name] = change(value)
    return with_options(layer, **changed) if changed else layer


def is_layer(value: object) -> bool:
    """Whether a value of a configuration describes a layer, a cell or a model."""
    return isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value


def objects_in(value: object) -> Iterator[Mapping[str, Any]]:
    """Everything in a configuration that names a class, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str):
            yield value
        for inner in value.values():
            yield from objects_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects_in(inner)
