"""The weights of a layer in an older file, brought into the order and shape that Keras 3 keeps them in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword_export.keras_files.layer_config import LayerConfig, is_layer, options

Weights = list[NDArray[Any]]


def converted(layer: LayerConfig, names: list[str], weights: Weights) -> Weights:
    """The weights of a layer as the file describes it; `names` are theirs in the file."""
    name = layer["class_name"]
    if name in _INSIDE:
        return _INSIDE[name](layer, names, weights)
    convert = _CONVERSIONS.get((name, len(weights)))
    return convert(weights) if convert else weights


def _bidirectional(layer: LayerConfig, names: list[str], weights: Weights) -> Weights:
    half = len(weights) // 2
    inner = options(layer)["layer"]
    return [*converted(inner, names[:half], weights[:half]), *converted(inner, names[half:], weights[half:])]


def _wrapper(layer: LayerConfig, names: list[str], weights: Weights) -> Weights:
    return converted(options(layer)["layer"], names, weights)


def _model(layer: LayerConfig, names: list[str], weights: Weights) -> Weights:
    """Weights of the layers inside a model, which are told apart by their names."""
    layers = layer["config"] if isinstance(layer["config"], list) else options(layer).get("layers", [])
    inner = {options(one).get("name"): one for one in layers if is_layer(one)}
    found: Weights = []
    start = 0
    for owner, count in _runs([_owner(name, inner) for name in names]):
        part = slice(start, start + count)
        found += converted(inner[owner], names[part], weights[part]) if owner else weights[part]
        start += count
    return found


def _owner(weight: str, inner: dict[Any, LayerConfig]) -> str | None:
    """The layer that a weight's name (`lstm_1/kernel:0`, `lstm_1_W_i:0`) begins with."""
    fits = [name for name in inner if name and weight.startswith((f"{name}/", f"{name}_"))]
    return max(fits, key=len, default=None)


def _runs(owners: list[str | None]) -> list[tuple[str | None, int]]:
    runs: list[tuple[str | None, int]] = []
    for owner in owners:
        if runs and runs[-1][0] == owner:
            runs[-1] = (owner, runs[-1][1] + 1)
        else:
            runs.append((owner, 1))
    return runs


def _of_gates(order: tuple[int, ...]) -> Callable[[Weights], Weights]:
    """Keras 1 kept W, U and b of each gate by itself; `order` is that of Keras 3."""
    return lambda weights: [np.concatenate([weights[3 * gate + part] for gate in order], axis=-1) for part in range(3)]


def _cudnn_lstm(weights: Weights) -> Weights:
    kernel, recurrent, bias = weights
    # cuDNN adds a bias to the input and one to the state; the sum is what acts.
    return [_transposed(kernel, 4), _transposed(recurrent, 4), bias.reshape(2, -1).sum(axis=0)]


def _cudnn_gru(weights: Weights) -> Weights:
    kernel, recurrent, bias = weights
    return [_transposed(kernel, 3), _transposed(recurrent, 3), bias.reshape(2, -1)]


def _transposed(kernel: NDArray[Any], gates: int) -> NDArray[Any]:
    """A kernel `[in, gates * units]` in which each gate's `[units, in]` was laid down row by row."""
    turned = [gate.reshape(gate.shape[::-1]).T for gate in np.split(kernel, gates, axis=1)]
    return np.concatenate(turned, axis=1)


def _convolution(weights: Weights) -> Weights:
    kernel = weights[0]
    return [kernel[:, 0] if kernel.ndim == 4 else kernel, *weights[1:]]


# By class and number of weights. Keras 1: gates i, c, f, o of an LSTM, z, r, h of a GRU.
_CONVERSIONS: dict[tuple[str, int], Callable[[Weights], Weights]] = {
    ("LSTM", 12): _of_gates((0, 2, 1, 3)),
    ("GRU", 9): _of_gates((0, 1, 2)),
    ("CuDNNLSTM", 3): _cudnn_lstm,
    ("CuDNNGRU", 3): _cudnn_gru,
    ("Convolution1D", 1): _convolution,
    ("Convolution1D", 2): _convolution,
}
_INSIDE: dict[str, Callable[[LayerConfig, list[str], Weights], Weights]] = {
    "Bidirectional": _bidirectional,
    "TimeDistributed": _wrapper,
    "Sequential": _model,
    "Model": _model,
    "Functional": _model,
}
