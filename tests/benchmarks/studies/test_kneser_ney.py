"""The n-gram model is a distribution, and what the formulas of Chen and Goodman give by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.kneser_ney import KneserNey, NGramDecoder

VOCABULARY, UNKNOWN = 7, 1
LINES = st.lists(st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=8), min_size=1, max_size=6)


@given(LINES, st.lists(st.integers(1, VOCABULARY - 1), max_size=6), st.integers(1, 5))
def test_it_is_a_distribution_without_padding_and_unknown_words(lines, context, order):
    found = KneserNey(lines, VOCABULARY, UNKNOWN, order).probabilities(context)
    assert found.sum() == pytest.approx(1)
    assert (found[2:] > 0).all()
    assert found[0] == found[UNKNOWN] == 0


def test_a_bigram_by_hand():
    """2 follows two words and 3 one: 2 is the likelier one after what was never seen."""
    model = KneserNey([[2, 3, 2], [4, 2, 5]], 6, None, order=2)
    # Words before each: 2 follows {begin: raw count 1 of a line's begin, 3, 4}, 3 {2}, 4 {begin}, 5 {2}; discounts 0.5.
    lower = np.array([0, 0, 3, 1, 1, 1]) - np.array([0, 0, 0.5, 0.5, 0.5, 0.5])
    lower = lower / 6 + 4 * 0.5 / 6 * np.array([0, 1, 1, 1, 1, 1]) / 5
    np.testing.assert_allclose(model.probabilities([1]), lower)
    after = np.array([0, 0, 0, 0.5, 0, 0.5]) / 2 + 2 * 0.5 / 2 * lower
    np.testing.assert_allclose(model.probabilities([4, 2]), after)


def test_what_was_seen_is_expected():
    decoder = NGramDecoder(KneserNey([[2, 3, 4, 5, 6]] * 3, VOCABULARY, UNKNOWN))
    decoder.begin([2, 3])
    assert decoder.greedy()[0] == 4
    decoder.advance(4)
    assert decoder.greedy()[0] == 5
