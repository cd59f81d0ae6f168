"""The cells against plain NumPy steps written from the papers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from edgeword_train.models.cells import CIFGLSTMCell, PeepholeLSTMCell
from edgeword_train.models.projections import (
    ProjectedCIFGLSTMCell,
    ProjectedGRUCell,
    ProjectedLSTMCell,
    ProjectedPlainLSTMCell,
    ProjectedSimpleRNNCell,
)

E, U, P, B, T = 5, 7, 3, 2, 6


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def peephole_step(x, h, c, w):
    i, f, g, o = np.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4, axis=1)
    p_i, p_f, p_o = w["peepholes"]
    c_new = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
    return sigmoid(o + p_o * c_new) * np.tanh(c_new), c_new


def cifg_step(x, h, c, w):
    f, g, o = np.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 3, axis=1)
    c_new = sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_new), c_new


def projected_step(x, r, c, w):
    m, c_new = peephole_step(x, r, c, w)
    return m @ w["projection_kernel"], c_new


def projected_plain_step(x, r, c, w):
    i, f, g, o = np.split(x @ w["kernel"] + r @ w["recurrent_kernel"] + w["bias"], 4, axis=1)
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_new) @ w["projection_kernel"], c_new


def projected_cifg_step(x, r, c, w):
    m, c_new = cifg_step(x, r, c, w)
    return m @ w["projection_kernel"], c_new


def projected_gru_step(x, r, h, w):
    z, g, n = np.split(x @ w["kernel"] + w["bias"], 3, axis=1)
    u_z, u_g, u_n = np.split(r @ w["recurrent_kernel"], 3, axis=1)
    z, g = sigmoid(z + u_z), sigmoid(g + u_g)
    h_new = z * h + (1 - z) * np.tanh(n + g * u_n)
    return h_new @ w["projection_kernel"], h_new


def projected_rnn_step(x, r, _, w):
    return np.tanh(x @ w["kernel"] + r @ w["recurrent_kernel"] + w["bias"]) @ w["projection_kernel"], _


CELLS = [
    (lambda **k: PeepholeLSTMCell(U, **k), peephole_step, U),
    (lambda **k: CIFGLSTMCell(U, **k), cifg_step, U),
    (lambda **k: ProjectedLSTMCell(U, P, **k), projected_step, P),
    (lambda **k: ProjectedPlainLSTMCell(U, P, **k), projected_plain_step, P),
    (lambda **k: ProjectedCIFGLSTMCell(U, P, **k), projected_cifg_step, P),
    (lambda **k: ProjectedGRUCell(U, P, **k), projected_gru_step, P),
    (lambda **k: ProjectedSimpleRNNCell(U, P, **k), projected_rnn_step, P),
]
IDS = ["peephole", "cifg", "projected", "projected-plain", "projected-cifg", "projected-gru", "projected-rnn"]
GATED = [row for row, name in zip(CELLS, IDS, strict=True) if name not in ("projected-gru", "projected-rnn")]


@pytest.mark.parametrize(("make", "step", "width"), CELLS, ids=IDS)
def test_a_layer_of_the_cell_is_the_papers_equations_over_time(make, step, width):
    random = np.random.default_rng(0)
    layer = keras.layers.RNN(make(), return_sequences=True)
    x = random.normal(size=(B, T, E)).astype("float32")
    layer(x)
    for weight in layer.weights:
        if weight.dtype == "float32":
            weight.assign(random.normal(size=weight.shape))
    weights = {weight.name: weight.numpy() for weight in layer.cell.trainable_weights}
    h, c = np.zeros((B, width)), np.zeros((B, U))
    expected = []
    for t in range(T):
        h, c = step(x[:, t], h, c, weights)
        expected.append(h)
    np.testing.assert_allclose(layer(x), np.stack(expected, axis=1), atol=2e-6)


@pytest.mark.parametrize(("make", "step", "width"), CELLS, ids=IDS)
def test_a_saved_model_comes_back_with_its_cell(make, step, width, tmp_path):
    model = keras.Sequential([keras.Input((T, E)), keras.layers.RNN(make(dropout=0.1, recurrent_dropout=0.2))])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(B, T, E)).astype("float32")
    assert type(again.layers[0].cell) is type(model.layers[0].cell)
    np.testing.assert_array_equal(again(x), model(x))


@pytest.mark.parametrize(("make", "step", "width"), CELLS, ids=IDS)
def test_dropout_acts_in_training_only_and_on_both_connections(make, step, width):
    x = np.ones((B, T, E), "float32")
    for option in ("dropout", "recurrent_dropout"):
        layer = keras.layers.RNN(make(**{option: 0.5, "seed": 1}))
        assert not np.allclose(layer(x, training=True), layer(x, training=False))


@pytest.mark.parametrize(("make", "step", "width"), GATED)
def test_the_forget_gate_begins_open(make, step, width):
    cell = make()
    cell.build((B, E))
    gate = 0 if isinstance(cell, CIFGLSTMCell) else 1
    bias = cell.bias.numpy().reshape(-1, U)
    assert (bias[gate] == 1).all()
    assert np.delete(bias, gate, axis=0).sum() == 0
