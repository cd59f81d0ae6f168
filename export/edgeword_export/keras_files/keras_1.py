"""The options of Keras 1, under the names that they have had since Keras 2."""

from __future__ import annotations

from typing import Any

from edgeword_export.keras_files.layer_config import LayerConfig, options

# By what only Keras 1 wrote. Initializers, regularizers and constraints are dropped under any name.
_RENAMED: dict[str, dict[str, str | None]] = {
    "Embedding": {"dropout": None},
    "Dense": {"output_dim": "units", "bias": "use_bias", "input_dim": None},
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "Convolution1D": {
        "nb_filter": "filters",
        "filter_length": "kernel_size",
        "subsample_length": "strides",
        "border_mode": "padding",
        "bias": "use_bias",
        "input_dim": None,
    },
    "MaxPooling1D": {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"},
    "AveragePooling1D": {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"},
}
_RECURRENT: dict[str, str | None] = {
    "output_dim": "units",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "input_dim": None,
}
_RENAMED.update(dict.fromkeys(("SimpleRNN", "LSTM", "GRU"), _RECURRENT))
_RENAMED["TimeDistributedDense"] = _RENAMED["Dense"]
_CLASSES = {"Convolution1D": "Conv1D", "TimeDistributedDense": "Dense"}
_ONLY_IN_KERAS_1 = {"init", "inner_init", "p", "sigma", "nb_filter", "pool_length", "W_regularizer", "input_dtype"}
_DROPPED = {"init", "inner_init", "forget_bias_init", "weights", "consume_less"}
_DROPPED |= {"batch_input_shape", "input_dtype", "input_length"}
_DROPPED_ENDS = ("_regularizer", "_constraint")


def is_keras_1(layer: LayerConfig) -> bool:
    """Whether a layer was written by Keras 1."""
    return layer["class_name"] in _RENAMED and not _ONLY_IN_KERAS_1.isdisjoint(options(layer))


def renamed(layer: LayerConfig) -> LayerConfig:
    """The layer under today's class and with today's names of its options."""
    names = _RENAMED[layer["class_name"]]
    config: dict[str, Any] = {}
    for name, value in options(layer).items():
        if name in _DROPPED or name.endswith(_DROPPED_ENDS):
            continue
        today = names.get(name, name)
        if today is not None:
            config[today] = value
    if config.get("strides") is None:
        config.pop("strides", None)
    return {**layer, "class_name": _CLASSES.get(layer["class_name"], layer["class_name"]), "config": config}


def input_dtype(layer: LayerConfig) -> str | None:
    """The dtype of what a first layer reads, as Keras 1 wrote it."""
    dtype = options(layer).get("input_dtype")
    return dtype if isinstance(dtype, str) else None
