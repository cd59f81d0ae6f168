"""The weights of an `.h5` file, brought into the layers that they belong to."""

from __future__ import annotations

from typing import Any

import h5py
import keras
import numpy as np

from edgeword_export.errors import ModelError
from edgeword_export.keras_files.layer_config import LayerConfig, is_layer, options
from edgeword_export.keras_files.weights import Weights, converted


def load(model: keras.Model, config: LayerConfig, group: h5py.Group) -> None:
    """Give a model the weights under `model_weights`; `config` is the file's own, unmended. Raises ModelError."""
    layers = [layer for layer in model.layers if layer.weights]
    names = [name for name in _names(group, "layer_names") if _names(group[name], "weight_names")]
    if {layer.name for layer in layers} == set(names):
        by_name = {layer.name: layer for layer in layers}
        layers = [by_name[name] for name in names]
    if len(layers) != len(names):
        raise ModelError(f"the file holds weights for {len(names)} layers, the model has {len(layers)} with weights")
    described = _described(config)
    for layer, name in zip(layers, names, strict=True):
        _fill(layer, described.get(name), group[name])


def _described(config: LayerConfig) -> dict[str, LayerConfig]:
    layers = config["config"] if isinstance(config["config"], list) else options(config).get("layers", [])
    return {options(layer).get("name", layer.get("name")): layer for layer in layers if is_layer(layer)}


def _fill(layer: keras.layers.Layer, described: LayerConfig | None, group: h5py.Group) -> None:
    names = _names(group, "weight_names")
    weights: Weights = [np.asarray(group[name]) for name in names]
    if described:
        weights = converted(described, names, weights)
    # The order of the format, whatever order the layer itself keeps.
    variables = [*layer.trainable_weights, *layer.non_trainable_weights]
    wanted = [tuple(variable.shape) for variable in variables]
    found = [weight.shape for weight in weights]
    if found != wanted:
        raise ModelError(f"layer {layer.name!r} has weights of the shapes {wanted}, the file holds {found}")
    for variable, weight in zip(variables, weights, strict=True):
        variable.assign(weight)


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """A list of names, which stands in pieces (`layer_names0`, ...) where it is long."""
    if attribute in group.attrs:
        return [text(name) for name in group.attrs[attribute]]
    pieces: list[str] = []
    while f"{attribute}{len(pieces)}" in group.attrs:
        pieces.append(f"{attribute}{len(pieces)}")
    return [text(name) for piece in pieces for name in group.attrs[piece]]


def text(value: Any) -> str:
    """An attribute's text, which older files keep as bytes."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
