"""The calls between the layers of a Functional model (`inbound_nodes`), written as Keras 3 writes them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from edgeword_export.keras_files.layer_config import MODELS, RECURRENT, LayerConfig, options, with_options

# Where Keras keeps the operations that stand in a graph without a layer.
_OPERATION_MODULES = tuple(f"keras.src.ops.{part}" for part in ("numpy", "nn", "core", "math"))

# TensorFlow's functions as Keras 2 names them -> Keras 3's operation, and the arguments that make it.
_FUNCTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "__operators__.add": ("Add", ()),
    "math.add": ("Add", ()),
    "math.subtract": ("Subtract", ()),
    "math.multiply": ("Multiply", ()),
    "math.truediv": ("TrueDivide", ()),
    "math.divide": ("TrueDivide", ()),
    "linalg.matmul": ("Matmul", ()),
    "math.tanh": ("Tanh", ()),
    "math.sigmoid": ("Sigmoid", ()),
    "nn.relu": ("Relu", ()),
    "nn.softmax": ("Softmax", ("axis",)),
    "math.reduce_mean": ("Mean", ("axis", "keepdims")),
    "math.reduce_sum": ("Sum", ("axis", "keepdims")),
    "math.reduce_max": ("Max", ("axis", "keepdims")),
    "expand_dims": ("ExpandDims", ("axis",)),
}


def has_old_calls(layer: LayerConfig) -> bool:
    """Whether a model's calls are lists of `[layer, node, tensor, arguments]`."""
    return any(isinstance(node, list) for inner in _inner(layer) for node in inner["inbound_nodes"])


def with_new_calls(layer: LayerConfig) -> LayerConfig:
    """The model with calls as `{"args", "kwargs"}`, and TensorFlow's functions as operations."""
    names = {inner["name"] for inner in _inner(layer)}
    blocks = {inner["name"] for inner in _inner(layer) if inner["class_name"] in MODELS}
    plain = {inner["name"] for inner in _inner(layer) if inner["class_name"] == "Sequential"}
    ends = {name: _ends(options(layer)[name], plain) for name in ("input_layers", "output_layers")}
    return with_options(layer, layers=[_called(inner, names, blocks) for inner in _inner(layer)], **ends)


def _ends(tensors: Any, plain: set[str]) -> Any:
    """Outputs; Keras 3 still counts the call that built a Functional block here, no more that of a Sequential."""
    if isinstance(tensors, list) and tensors and isinstance(tensors[0], str):
        name, node, tensor = tensors
        return [name, node - 1 if name in plain and node else node, tensor]
    return [_ends(tensor, plain) for tensor in tensors] if isinstance(tensors, list) else tensors


def _inner(layer: LayerConfig) -> list[LayerConfig]:
    layers = options(layer).get("layers")
    named = isinstance(layers, list) and all(isinstance(inner, dict) and "inbound_nodes" in inner for inner in layers)
    return layers if named and isinstance(layers, list) else []


def _called(layer: LayerConfig, names: set[str], blocks: set[str]) -> LayerConfig:
    calls = [_call(node, layer, names, blocks) for node in layer["inbound_nodes"]]
    layer = {**layer, "inbound_nodes": calls}
    if layer["class_name"] in ("TFOpLambda", "SlicingOpLambda") and options(layer).get("function") in _KNOWN:
        return _KNOWN[options(layer)["function"]](layer)
    return layer


def _call(node: Any, layer: LayerConfig, names: set[str], blocks: set[str]) -> dict[str, Any]:
    """One call: its tensors and its other arguments."""
    if isinstance(node, dict):
        return node
    single = not isinstance(node[0], list)
    entries = [node] if single else node
    tensors = [_argument(entry, names, blocks) for entry in entries]
    arguments = entries[0][3] if len(entries[0]) > 3 else {}
    kwargs = {name: _arguments(value, names, blocks) for name, value in arguments.items() if name != "name"}
    if layer["class_name"] in RECURRENT and len(tensors) > 1:
        return {"args": tensors[:1], "kwargs": {**kwargs, "initial_state": tensors[1:]}}
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": kwargs}


def _argument(entry: list[Any], names: set[str], blocks: set[str]) -> Any:
    """The tensor that `[layer, node, tensor]` is, or the value of `["_CONSTANT_VALUE", -1, value]`."""
    name, node, tensor = entry[:3]
    if name not in names:
        return tensor
    # A block counted the call that built it.
    history = [name, node - 1 if name in blocks and node else node, tensor]
    # Shape and dtype are taken from the layer itself.
    return {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32", "keras_history": history}}


def _arguments(value: Any, names: set[str], blocks: set[str]) -> Any:
    if isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and value[0] in {*names, "_CONSTANT_VALUE"}:
            return _argument(value, names, blocks)
        return [_arguments(inner, names, blocks) for inner in value]
    return value


def _operation(layer: LayerConfig, name: str, made_with: tuple[str, ...]) -> LayerConfig:
    """The layer as Keras 3's operation `name`; its one call is given the tensors, the rest makes the operation."""
    call = layer["inbound_nodes"][0]
    kwargs = {key: value for key, value in call["kwargs"].items() if value is not None}
    config = {"name": options(layer)["name"], **{key: kwargs.pop(key) for key in made_with if key in kwargs}}
    call = {"args": [*call["args"], *kwargs.values()], "kwargs": {}}
    return {**operation_of(name), "config": config, "name": layer["name"], "inbound_nodes": [call]}


def _sliced(layer: LayerConfig) -> LayerConfig:
    call = layer["inbound_nodes"][0]
    key = [_slice(part) for part in call["kwargs"]["slice_spec"]]
    layer = {**layer, "inbound_nodes": [{"args": [*call["args"], key], "kwargs": {}}]}
    return _operation(layer, "GetItem", ())


def _slice(part: Any) -> Any:
    bounds = ("start", "stop", "step")
    if isinstance(part, dict) and set(part) == set(bounds):
        return {"class_name": "__slice__", "config": part}
    return part


def _reader(name: str, made_with: tuple[str, ...]) -> Callable[[LayerConfig], LayerConfig]:
    return lambda layer: _operation(layer, name, made_with)


_KNOWN: dict[str, Callable[[LayerConfig], LayerConfig]] = {
    **{function: _reader(*operation) for function, operation in _FUNCTIONS.items()},
    "__operators__.getitem": _sliced,
}


def operation_of(name: str) -> dict[str, Any]:
    """How a configuration names an operation of Keras 3, an empty one where there is none of that name."""
    for module in _OPERATION_MODULES:
        if isinstance(getattr(importlib.import_module(module), name, None), type):
            return {"module": module, "class_name": name, "registered_name": name}
    return {}


def is_nameless_operation(layer: LayerConfig) -> bool:
    """Whether an `.h5` of Keras 3 holds an operation as it does: by its class' name, without the module.

    A layer of the same name ("Add", "Multiply") always has "trainable".
    """
    bare = "module" not in layer and "inbound_nodes" in layer and "trainable" not in options(layer)
    return bare and layer["class_name"] != "InputLayer" and bool(operation_of(layer["class_name"]))


def named_operation(layer: LayerConfig) -> LayerConfig:
    """The operation with its module."""
    return {**layer, **operation_of(layer["class_name"])}
