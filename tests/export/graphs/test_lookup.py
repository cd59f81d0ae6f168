"""The embedding table as int8 rows: each row within half a step of its own scale."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgeword_export.graphs.lookup import Lookup, quantize_rows

TABLES = arrays.arrays(np.float32, (5, 4), elements=st.floats(-1e6, 1e6, width=32))


@settings(max_examples=200)
@given(TABLES)
def test_a_row_is_off_by_half_a_step_at_most(table):
    rows, scales, unit = quantize_rows(table)
    assert rows.dtype == np.int8
    assert scales.dtype == np.int32
    assert rows.min() >= -127
    step = scales * unit
    assert (np.abs(rows * step - table) <= step * 0.501).all()


def test_a_row_of_small_values_keeps_its_own_scale():
    table = np.array([[100.0, -50.0], [0.001, -0.0005]], np.float32)
    rows, scales, unit = quantize_rows(table)
    np.testing.assert_allclose(rows * (scales * unit), table, rtol=0.01)


def test_a_table_of_zeros_is_one_of_zeros():
    rows, scales, unit = quantize_rows(np.zeros((3, 2), np.float32))
    assert not (rows * (scales * unit)).any()


@pytest.mark.parametrize("bits", [None, 8])
def test_a_lookup_gives_the_embeddings_rows(bits):
    keras.utils.set_random_seed(0)
    embedding = keras.layers.Embedding(9, 6, mask_zero=True)
    ids = np.array([[3, 0, 8]])
    expected = np.asarray(embedding(ids))
    lookup = Lookup(embedding, bits)
    for dtype in ("int32", "float32"):
        found = np.asarray(lookup(keras.ops.convert_to_tensor(ids, dtype)))
        np.testing.assert_allclose(found, expected, atol=4e-4 if bits else 0)
