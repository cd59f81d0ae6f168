"""The step written by hand in NumPy: Embedding, LSTM cell, Dense, float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studies.peers.ways.loops import Loaded, stepping

Array = NDArray[np.float32]
State = tuple[Array, Array]


def build(folder: Path) -> Loaded:
    """The weights as `model.get_weights()` gives them; Keras' gates are i, f, c, o."""
    weights = np.load(folder / "weights.npz")
    embedding, kernel, recurrent, bias, dense, dense_bias = (weights[name] for name in weights.files)
    units = len(recurrent)

    def step(token: int, state: State) -> tuple[Array, State]:
        hidden, cell = state
        gates = embedding[token] @ kernel + hidden @ recurrent + bias
        i, f, o = (_sigmoid(gates[gate * units : (gate + 1) * units]) for gate in (0, 1, 3))
        cell = f * cell + i * np.tanh(gates[2 * units : 3 * units])
        hidden = o * np.tanh(cell)
        return hidden @ dense + dense_bias, (hidden, cell)

    def start() -> State:
        return np.zeros(units, np.float32), np.zeros(units, np.float32)

    return Loaded(stepping(step, start), f"numpy {np.__version__}")


def _sigmoid(x: Array) -> Array:
    return np.float32(1) / (np.float32(1) + np.exp(-x))
