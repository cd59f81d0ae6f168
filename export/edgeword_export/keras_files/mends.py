"""What is changed in a copy of an older Keras file's configuration before Keras 3 reads it: one table."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from edgeword_export.errors import ModelError
from edgeword_export.keras_files import graph, keras_1
from edgeword_export.keras_files.activations import CHANGED
from edgeword_export.keras_files.layer_config import (
    MODELS,
    LayerConfig,
    class_of,
    is_layer,
    map_inner,
    options,
    with_options,
)

_ONLY_FOR_INPUT = ("batch_input_shape", "input_length", "input_dtype")
_ONLY_FOR_TRAINING = ("_initializer", "_regularizer", "_constraint")
_NEVER_NEEDED = ("trainable", "query_shape", "key_shape", "value_shape")
_CUDNN: dict[str, dict[str, Any]] = {
    "CuDNNLSTM": {"activation": "tanh", "recurrent_activation": "sigmoid"},
    "CuDNNGRU": {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True},
}
_TODAYS_CLASSES = {
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
}


@dataclass(frozen=True)
class Mend:
    """One difference between an older Keras and Keras 3."""

    name: str
    """What is mended, as the user is told."""
    recognizes: Callable[[LayerConfig], bool]
    change: Callable[[LayerConfig], LayerConfig]


def mended(layer: LayerConfig, keras_version: str) -> tuple[LayerConfig, tuple[str, ...]]:
    """A configuration that Keras 3 reads, and the names of the mends that it took.

    Raises ModelError for what cannot be mended.
    """
    table = OF_KERAS_3 if major(keras_version) >= 3 else OF_KERAS_1_AND_2
    names: set[str] = set()
    changed = _mended(layer, table, names)
    return changed, tuple(mend.name for mend in table if mend.name in names)


def major(keras_version: str) -> int:
    """The first number of a version; 1 where a file does not say, as the first Kerases did not."""
    first = keras_version.partition(".")[0]
    return int(first) if first.isdecimal() else 1


def _mended(layer: LayerConfig, table: Iterable[Mend], names: set[str]) -> LayerConfig:
    for mend in table:
        if mend.recognizes(layer):
            layer = mend.change(layer)
            names.add(mend.name)
    return map_inner(layer, lambda inner: _mended(inner, table, names))


def _as_dict(layer: LayerConfig) -> LayerConfig:
    return {**layer, "config": {"name": layer.get("name", "sequential"), "layers": layer["config"]}}


def _first_shape(layer: LayerConfig) -> Any:
    """The shape that a layer was made for, or the first layer inside it; None where none is known."""
    config = options(layer)
    inner = layer["config"] if isinstance(layer["config"], list) else config.get("layers")
    if layer["class_name"] in MODELS:
        first = _first_shape(inner[0]) if inner and is_layer(inner[0]) else None
        return first or config.get("build_input_shape")
    return config.get("batch_input_shape") or config.get("batch_shape")


def _lacks_input(layer: LayerConfig) -> bool:
    layers = options(layer).get("layers") if layer["class_name"] == "Sequential" else None
    return bool(layers and layers[0]["class_name"] != "InputLayer" and _first_shape(layer))


def _with_input(layer: LayerConfig) -> LayerConfig:
    layers = options(layer)["layers"]
    config = {
        "name": f"{options(layers[0]).get('name', 'sequential')}_input",
        "batch_shape": _first_shape(layer),
        "dtype": keras_1.input_dtype(layers[0]) or "float32",
    }
    return with_options(layer, layers=[{"class_name": "InputLayer", "config": config}, *layers])


def _with_batch_shape(layer: LayerConfig) -> LayerConfig:
    return with_options(layer, _ONLY_FOR_INPUT, batch_shape=options(layer)["batch_input_shape"])


def _without_time_major(layer: LayerConfig) -> LayerConfig:
    if options(layer)["time_major"]:
        raise ModelError(f"layer {options(layer).get('name')!r} has time_major=True; build it with the batch in front")
    return with_options(layer, ("time_major",))


def _for_training(layer: LayerConfig) -> tuple[str, ...]:
    return tuple(name for name in options(layer) if name.endswith(_ONLY_FOR_TRAINING)) if class_of(layer) else ()


def _changed_activations(layer: LayerConfig) -> dict[str, Any]:
    named = {name: value for name, value in options(layer).items() if name.endswith("activation")}
    return {name: CHANGED[value] for name, value in named.items() if isinstance(value, str) and value in CHANGED}


def _is_single(tensors: object) -> bool:
    """Whether inputs or outputs are a list of one `[layer, node, tensor]`: Keras 3 then asks for a list of one."""
    return isinstance(tensors, list) and len(tensors) == 1 and isinstance(tensors[0], list)


def _singles(layer: LayerConfig) -> dict[str, Any]:
    ends = {name: options(layer).get(name) for name in ("input_layers", "output_layers")}
    return {name: tensors[0] for name, tensors in ends.items() if _is_single(tensors) and tensors}


def _gone(layer: LayerConfig) -> tuple[str, ...]:
    """Options that Keras 3 no longer has and that are off, or that only training or a build asks for."""
    cls = class_of(layer)
    if cls is None:
        return ()
    own = inspect.signature(cls.__init__).parameters
    inherits = any(parameter.kind is parameter.VAR_KEYWORD for parameter in own.values())
    parents = cls.__mro__ if inherits else (cls,)
    known = {name for parent in parents for name in inspect.signature(parent.__init__).parameters}
    unknown = [(name, value) for name, value in options(layer).items() if name not in known]
    return tuple(name for name, value in unknown if value in (None, False) or name in _NEVER_NEEDED)


def _lacks_module(layer: LayerConfig) -> bool:
    """Whether a class of Keras' own may stand under a module that has moved; an operation has its own."""
    moved = not str(layer.get("module")).startswith("keras.src.ops")
    return moved and (layer["class_name"] in MODELS or class_of(layer) is not None)


def _with_module(layer: LayerConfig) -> LayerConfig:
    kept = {name: value for name, value in layer.items() if name in ("class_name", "config", "name", "inbound_nodes")}
    if layer["class_name"] not in MODELS:
        return {**kept, "module": "keras.layers", "registered_name": None}
    name = "Sequential" if layer["class_name"] == "Sequential" else "Model"
    return {**kept, "module": "keras", "class_name": name, "registered_name": None}


def _is(*names: str) -> Callable[[LayerConfig], bool]:
    return lambda layer: layer["class_name"] in names


def _has(*names: str) -> Callable[[LayerConfig], bool]:
    return lambda layer: not options(layer).keys().isdisjoint(names)


# In this order, for each layer before those inside it.
OF_KERAS_1_AND_2 = (
    Mend(
        "a model that is a bare list of layers",
        lambda layer: layer["class_name"] == "Sequential" and isinstance(layer["config"], list),
        _as_dict,
    ),
    Mend("a missing InputLayer", _lacks_input, _with_input),
    Mend(
        "the shape of InputLayer",
        lambda layer: layer["class_name"] == "InputLayer" and _has("batch_input_shape")(layer),
        _with_batch_shape,
    ),
    Mend(
        "input shapes that stand twice",
        lambda layer: _has(*_ONLY_FOR_INPUT)(layer) and not keras_1.is_keras_1(layer),
        lambda layer: with_options(layer, _ONLY_FOR_INPUT),
    ),
    Mend("the names of Keras 1", keras_1.is_keras_1, keras_1.renamed),
    Mend(
        "layers under other names",
        _is(*_TODAYS_CLASSES),
        lambda layer: {
            **with_options(layer, **_CUDNN.get(layer["class_name"], {})),
            "class_name": _TODAYS_CLASSES[layer["class_name"]],
        },
    ),
    Mend("time_major", _has("time_major"), _without_time_major),
    Mend(
        "initializers, regularizers and constraints, left out",
        lambda layer: bool(_for_training(layer)),
        lambda layer: with_options(layer, _for_training(layer)),
    ),
    Mend(
        "reset_after=False, the default of its time",
        lambda layer: _is("GRU", "GRUCell")(layer) and not _has("reset_after")(layer),
        lambda layer: with_options(layer, reset_after=False),
    ),
    Mend(
        "hard_sigmoid, as it was then",
        lambda layer: bool(class_of(layer) and _changed_activations(layer)),
        lambda layer: with_options(layer, **_changed_activations(layer)),
    ),
    Mend(
        "the dtype of Embedding, which was that of its ids",
        lambda layer: _is("Embedding")(layer) and "int" in str(options(layer).get("dtype")),
        lambda layer: with_options(layer, ("dtype",)),
    ),
    Mend(
        "dtype policies",
        lambda layer: isinstance(options(layer).get("dtype"), dict),
        lambda layer: with_options(layer, dtype=options(layer)["dtype"]["config"]["name"]),
    ),
    Mend(
        "the axis of BatchNormalization",
        lambda layer: _is("BatchNormalization")(layer) and isinstance(options(layer).get("axis"), list),
        lambda layer: with_options(layer, axis=options(layer)["axis"][0]),
    ),
    Mend(
        "a list of one input or output",
        lambda layer: bool(_singles(layer)),
        lambda layer: with_options(layer, **_singles(layer)),
    ),
    Mend("calls between layers", graph.has_old_calls, graph.with_new_calls),
    Mend("options that are gone", lambda layer: bool(_gone(layer)), lambda layer: with_options(layer, _gone(layer))),
    Mend("module names", _lacks_module, _with_module),
)

OF_KERAS_3 = (Mend("operations without their module", graph.is_nameless_operation, graph.named_operation),)
