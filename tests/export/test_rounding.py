"""Weights in 4 and 8 bits: never worse than rounding to the nearest, and better where inputs go together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgeword_export.rounding import fits_4_bits, nibbles, output_error, rounded

WEIGHTS = arrays.arrays(np.float32, (8, 3), elements=st.floats(-100, 100, width=32))


def related_inputs(count: int) -> np.ndarray:
    """Inputs of which each goes along with others."""
    random = np.random.default_rng(0)
    return (
        random.normal(size=(500, 6)) @ random.normal(size=(6, count)) + 0.1 * random.normal(size=(500, count))
    ).astype(np.float32)


@settings(max_examples=100)
@given(WEIGHTS, st.sampled_from([None, 2, 4]))
def test_an_error_is_at_most_that_of_the_scale_that_all_weights_fit(weights, block):
    found = rounded(weights, bits=4, block=block)
    size = block or len(weights)
    for first in range(0, len(weights), size):
        part = slice(first, first + size)
        # Half a step of the largest weight's scale, which has 8 binary digits.
        most = np.maximum(np.abs(weights[part]).max(axis=0) / 7, 2.0**-14) * 0.51
        errors = (found.values() - weights)[part]
        assert (np.sqrt((errors**2).mean(axis=0)) <= most).all()


@given(WEIGHTS)
def test_8_bits_are_off_by_half_a_step(weights):
    found = rounded(weights, bits=8)
    assert np.abs(found.integers.astype(int)).max() <= 127
    assert (np.abs(found.values() - weights) <= found.scales * 0.501).all()


@pytest.mark.parametrize("block", [None, 32, 48])
def test_what_goes_together_makes_up_for_errors(block):
    inputs, weights = related_inputs(64), np.random.default_rng(1).normal(size=(64, 20)).astype(np.float32)
    moments = inputs.T @ inputs / len(inputs)
    nearest, found = rounded(weights, None, 4, block), rounded(weights, moments, 4, block)
    assert output_error(weights, moments, found) < output_error(weights, moments, nearest) / 3
    exact = np.sqrt(((inputs @ (found.values() - weights)) ** 2).mean())
    assert output_error(weights, moments, found) == pytest.approx(exact, rel=1e-3)


def test_scales_of_4_bits_are_whole_in_float16_and_bfloat16():
    scales = rounded(np.random.default_rng(2).normal(size=(64, 9)).astype(np.float32), None, 4, 32).scales
    np.testing.assert_array_equal(scales.astype(np.float16), scales)
    assert not (scales.view(np.uint32) & 0xFFFF).any()


@pytest.mark.parametrize("moments", [None, np.zeros((6, 6), np.float32)])
def test_what_is_zero_stays_zero(moments):
    assert not rounded(np.zeros((6, 2), np.float32), moments).values().any()


@given(arrays.arrays(np.int8, st.tuples(st.integers(1, 3), st.integers(1, 7)), elements=st.integers(-8, 7)))
def test_nibbles_hold_all_that_went_in(integers):
    packed = nibbles(integers)
    halves = np.stack([packed & 15, packed >> 4], axis=-1).reshape(len(integers), -1)[:, : integers.shape[1]]
    np.testing.assert_array_equal((halves.astype(np.int8) ^ 8) - 8, integers)


def test_integers_that_fit_4_bits_are_known():
    assert fits_4_bits(np.array([[-8, 7]], np.int8))
    assert not fits_4_bits(np.array([[-9, 7]], np.int8))
    assert not fits_4_bits(np.array([[1, 2, 3]], np.int8))
