"""What reads an embedding's rows, and whether they may have 4 bits."""

import keras
import numpy as np
import pytest
from keras import layers

from edgeword_export.graphs.lookup import Lookup, round_rows
from edgeword_export.graphs.readers import row_moments

V, E = 9, 6


def behind(*following, embedding=E):
    """An embedding with layers behind it."""
    table = layers.Embedding(V, embedding)
    output = table(keras.Input((4,), dtype="int32"))
    for layer in following:
        output = layer(output)
    return table


def squared(kernel):
    values = np.asarray(kernel)
    return values @ values.T


def test_a_recurrent_layers_kernel_reads_them():
    layer = layers.LSTM(3)
    table = behind(layers.Dropout(0.5), layer)
    np.testing.assert_allclose(row_moments(table), squared(layer.cell.kernel), rtol=1e-5)


def test_both_directions_read_them():
    layer = layers.Bidirectional(layers.GRU(3))
    table = behind(layer)
    kernels = [squared(each.cell.kernel) for each in (layer.forward_layer, layer.backward_layer)]
    np.testing.assert_allclose(row_moments(table), sum(kernels), rtol=1e-5)


def test_a_convolution_reads_them_at_each_place():
    layer = layers.Conv1D(5, 3)
    table = behind(layer)
    np.testing.assert_allclose(row_moments(table), sum(map(squared, np.asarray(layer.kernel))), rtol=1e-5)


@pytest.mark.parametrize("reader", [layers.LayerNormalization, layers.Flatten, lambda: layers.Activation("relu")])
def test_of_another_reader_nothing_is_known(reader):
    assert row_moments(behind(reader(), layers.Dense(2))) is None


def test_one_reader_that_is_not_known_is_enough():
    ids, table = keras.Input((4,), dtype="int32"), layers.Embedding(V, E)
    rows = table(ids)
    layers.Add()([rows, layers.LSTM(E, return_sequences=True)(rows)])
    assert row_moments(table) is None


def test_an_embedding_that_nothing_reads_has_none():
    assert row_moments(behind()) is None


@pytest.mark.parametrize(("width", "largest"), [(E, 7), (E + 1, 127)])
def test_rows_of_4_bits_fill_whole_bytes_or_have_8(width, largest):
    lookup = Lookup(behind(layers.LSTM(3), embedding=width), 4)
    assert np.abs(lookup._quantized[0].astype(int)).max() in (largest, largest + 1)


def test_rounded_rows_are_nearer_where_they_are_read():
    random = np.random.default_rng(0)
    table, kernel = (random.normal(size=shape).astype(np.float32) for shape in ((V, 16), (16, 4)))
    changed = {}
    for name, moments in {"read": kernel @ kernel.T, "alike": np.eye(16, dtype=np.float32)}.items():
        rows, scales, unit = round_rows(table, moments)
        changed[name] = np.square((rows * (scales * unit) - table) @ kernel).mean()
    assert changed["read"] < changed["alike"] / 2
