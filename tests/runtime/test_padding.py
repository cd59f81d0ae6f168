"""The padding rule equals Keras' `pad_sequences`."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword.errors import UsageError
from edgeword.padding import Padding

SIDE = st.sampled_from(["pre", "post"])
INT32 = st.integers(-(2**31), 2**31 - 1)
SEQUENCES = st.lists(st.lists(INT32, max_size=9), max_size=5)


@settings(deadline=None, max_examples=300)
@given(SEQUENCES, st.integers(1, 8), SIDE, SIDE, INT32)
def test_equals_pad_sequences(sequences, length, side, truncating, value):
    expected = keras.utils.pad_sequences(sequences, maxlen=length, padding=side, truncating=truncating, value=value)
    padding = Padding(side, truncating, value)
    rows = padding.windows(sequences, length)
    assert rows.dtype == expected.dtype == np.int32
    np.testing.assert_array_equal(rows, expected)
    for row, sequence in zip(rows, sequences, strict=True):
        np.testing.assert_array_equal(padding.window(sequence, length), row)


def test_defaults_are_those_of_keras():
    sequences = [[1], [1, 2, 3, 4]]
    expected = keras.utils.pad_sequences(sequences, maxlen=3)
    np.testing.assert_array_equal(Padding().windows(sequences, 3), expected)


def test_takes_arrays():
    np.testing.assert_array_equal(Padding().window(np.arange(5), 3), [2, 3, 4])


@given(SIDE, SIDE, INT32)
def test_round_trip(side, truncating, value):
    padding = Padding(side, truncating, value)
    assert Padding.from_dict(padding.to_dict()) == padding


RULE = Padding().to_dict()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (RULE | {"side": "left"}, "side must be 'pre' or 'post', not 'left'"),
        (RULE | {"truncating": None}, "truncating must be 'pre' or 'post'"),
        (RULE | {"value": 0.0}, "value must be an integer of 32 bits, not 0.0"),
        (RULE | {"value": True}, "value must be an integer"),
        (RULE | {"value": 2**31}, "value must be an integer"),
        (RULE | {"maxlen": 3}, "unknown key 'maxlen'"),
        ({"side": "pre", "value": 0}, "'truncating' is missing"),
    ],
)
def test_refuses(data, message):
    with pytest.raises(UsageError, match=r"^padding: ") as caught:
        Padding.from_dict(data)
    assert message in str(caught.value)


@pytest.mark.parametrize("length", [0, -1])
def test_refuses_an_empty_window(length):
    with pytest.raises(UsageError, match="length of 1 or more"):
        Padding().window([1], length)
