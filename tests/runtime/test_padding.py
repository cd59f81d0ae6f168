"""The padding rule, where it is not a law of Keras'; those are in tests/export/test_keras_semantics.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword.errors import UsageError
from edgeword.padding import Padding

SIDE = st.sampled_from(["pre", "post"])
INT32 = st.integers(-(2**31), 2**31 - 1)

BY_HAND = [
    # side, truncating, sequence, window of 3
    ("pre", "pre", [], [0, 0, 0]),
    ("pre", "pre", [1, 2], [0, 1, 2]),
    ("post", "pre", [1, 2], [1, 2, 0]),
    ("pre", "pre", [1, 2, 3, 4], [2, 3, 4]),
    ("pre", "post", [1, 2, 3, 4], [1, 2, 3]),
    ("post", "post", [1, 2, 3], [1, 2, 3]),
]


@pytest.mark.parametrize(("side", "truncating", "ids", "window"), BY_HAND)
def test_by_hand(side, truncating, ids, window):
    padding = Padding(side, truncating)
    assert padding.window(ids, 3).tolist() == window
    assert padding.windows([ids, ids], 3).tolist() == [window, window]
    assert padding.window(ids, 3).dtype == np.int32


@given(st.lists(INT32, max_size=9), st.integers(1, 8), SIDE, SIDE, INT32)
def test_a_window_is_padding_and_what_is_kept(ids, length, side, truncating, value):
    padding = Padding(side, truncating, value)
    kept = list(padding.kept(ids, length))
    filling = [value] * (length - len(kept))
    assert len(kept) == min(len(ids), length)
    assert padding.window(ids, length).tolist() == (filling + kept if side == "pre" else kept + filling)


def test_takes_arrays():
    np.testing.assert_array_equal(Padding().window(np.arange(5), 3), [2, 3, 4])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"side": "left"}, "side must be 'pre' or 'post', not 'left'"),
        ({"truncating": None}, "truncating must be 'pre' or 'post'"),
        ({"value": 0.0}, "value must be an integer of 32 bits, not 0.0"),
        ({"value": True}, "value must be an integer"),
        ({"value": 2**31}, "value must be an integer"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(UsageError, match=r"^padding: ") as caught:
        Padding(**options)
    assert message in str(caught.value)


@pytest.mark.parametrize("length", [0, -1])
def test_refuses_an_empty_window(length):
    with pytest.raises(UsageError, match="length of 1 or more"):
        Padding().window([1], length)
