"""Logits processors: each beside the plain way to write it, and by its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgeword.generation import processors

# Few values, so that many are equal.
COARSE = st.integers(-8, 8).map(lambda number: number / 2)
FINE = st.floats(-20, 20, width=32)
LOGITS = st.one_of(*(arrays.arrays(np.float32, st.integers(1, 60), elements=values) for values in (COARSE, FINE)))


def large(seed, size=10_000):
    return np.random.default_rng(seed).normal(0, 3, size).astype(np.float32)


def kept(logits):
    return set(np.flatnonzero(logits > -np.inf).tolist())


def by_rank(values):
    """Ids by sorting the whole, among equals those of lower id first."""
    return np.argsort(-values, kind="stable")


def probabilities(logits):
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return powers / powers.sum()


@given(LOGITS, st.integers(1, 70))
def test_top_k_keeps_the_k_largest(logits, k):
    assert kept(processors.top_k(logits.copy(), k)) == set(by_rank(logits)[:k].tolist())


@pytest.mark.parametrize("k", [1, 2, 40, 156, 157, 5000, 9999, 10_000, 20_000])
@pytest.mark.parametrize("step", [0, 0.5])
def test_top_k_of_a_large_vocabulary(k, step):
    logits = large(k) if step == 0 else (large(k) / step).round().astype(np.float32)
    assert processors.top_k_ids(logits, k).tolist() == sorted(by_rank(logits)[:k].tolist())


def test_top_k_finds_the_largest_wherever_they_stand():
    for places in ([0, 1, 2], [9997, 9998, 9999], [31, 312, 9984]):
        logits = np.zeros(10_000, np.float32)
        logits[places] = 5
        assert processors.top_k_ids(logits, 3).tolist() == places


def plain_nucleus(logits, p):
    """Holtzman et al.: from the most probable on, until the sum reaches p."""
    chance, total, nucleus = probabilities(logits), 0.0, set()
    for token in by_rank(chance).tolist():
        nucleus.add(token)
        total += chance[token]
        if total >= p:
            break
    return nucleus


@given(LOGITS, st.sampled_from([0.01, 0.1, 0.3001, 0.5001, 0.9001, 0.999]))
def test_top_p_keeps_the_nucleus(logits, p):
    assert kept(processors.top_p(logits.copy(), p)) == plain_nucleus(logits, p)


@pytest.mark.parametrize("p", [0.01, 0.5, 0.9, 0.99, 0.9999])
def test_top_p_of_a_large_vocabulary(p):
    for spread in (0.3, 1, 3):
        logits = large(5) / np.float32(spread)
        assert kept(processors.top_p(logits.copy(), p)) == plain_nucleus(logits, p)


def test_top_p_keeps_the_word_that_crosses_it():
    logits = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    assert kept(processors.top_p(logits.copy(), 0.6)) == {0, 1}
    assert kept(processors.top_p(logits.copy(), 0.4)) == {0}


@given(LOGITS)
def test_top_p_of_one_keeps_all(logits):
    np.testing.assert_array_equal(processors.top_p(logits.copy(), 1), logits)


@given(LOGITS, st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0]))
def test_min_p_keeps_what_is_near_the_most_probable(logits, p):
    found = kept(processors.min_p(logits.copy(), p))
    ratio = np.exp(logits.astype(np.float64) - logits.max())
    assert set(np.flatnonzero(ratio >= p * (1 + 1e-5)).tolist()) <= found
    assert found <= set(np.flatnonzero(ratio >= p * (1 - 1e-5)).tolist())


@given(LOGITS, st.sampled_from([1e-40, 1e-3, 0.7, 1.0, 3.0, 1e6]))
def test_temperature_divides_logits(logits, value):
    found = probabilities(processors.temperature(logits.copy(), value))
    powers = np.exp((logits.astype(np.float64) - logits.max()) / value)
    np.testing.assert_allclose(found, powers / powers.sum(), atol=1e-5)


@given(LOGITS, st.lists(st.integers(0, 59), max_size=20), st.sampled_from([0.5, 1.0, 1.2, 5.0]))
def test_repetition_penalty_is_that_of_ctrl(logits, history, penalty):
    history = [token for token in history if token < len(logits)]
    expected = logits.tolist()
    for token in set(history):
        expected[token] = expected[token] / penalty if expected[token] > 0 else expected[token] * penalty
    found = processors.repetition_penalty(logits.copy(), history, penalty)
    np.testing.assert_allclose(found, np.array(expected, np.float32), rtol=1e-6)


@pytest.mark.parametrize("penalty", [5e-324, 1e-40, 1e39, 1e300])
@pytest.mark.filterwarnings("error")
def test_a_penalty_beyond_float32_is_the_furthest_one(penalty):
    logits = np.array([5, 0, -5, -np.inf, 1], np.float32)
    found = processors.repetition_penalty(logits.copy(), [0, 1, 2, 3], penalty)
    assert not np.isnan(found).any()
    assert found[[1, 3, 4]].tolist() == [0, -np.inf, 1]
    assert (found[0] > 5) == (found[2] > -5) == (penalty < 1)


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 4))
def test_no_ngram_comes_twice(history, n):
    said = {tuple(history[i : i + n]) for i in range(len(history) - n + 1)}
    denied = {token for token in range(4) if (*history[max(len(history) - n + 1, 0) :], token) in said}
    found = processors.no_repeat_ngram(np.zeros(4, np.float32), history, n)
    assert kept(found) == set(range(4)) - denied


@given(LOGITS, st.sets(st.integers(0, 59)))
def test_denied_and_allowed_ids_divide_the_vocabulary(logits, ids):
    ids = sorted(token for token in ids if token < len(logits))
    assert kept(processors.allow(logits.copy(), ids)) == set(ids)
    assert kept(processors.deny(logits.copy(), ids)) == set(range(len(logits))) - set(ids)
    np.testing.assert_array_equal(processors.allow(logits.copy(), ids)[ids], logits[ids])


HISTORIES = [[1, 2, 1], [], [3, 3, 3, 3], [5]]
PROCESSORS = [
    (processors.temperature, 0.7),
    (processors.top_k, 3),
    (processors.top_p, 0.8),
    (processors.min_p, 0.1),
    (processors.deny, [1, 4]),
    (processors.allow, [1, 4]),
    (processors.repetition_penalty, HISTORIES, 1.3),
    (processors.no_repeat_ngram, HISTORIES, 2),
]


@pytest.mark.parametrize(("processor", "arguments"), [(first, rest) for first, *rest in PROCESSORS])
def test_rows_of_a_batch_are_what_each_is_alone(processor, arguments):
    batch = np.random.default_rng(2).normal(0, 2, (4, 50)).astype(np.float32)
    wide = np.full((4, 60), np.float32(9))
    wide[:, :50] = batch
    view = wide[:, :50]  # rows that do not follow each other in memory
    found = processor(view, *arguments)
    assert np.shares_memory(found, wide)
    for row in range(4):
        own = [each[row] if each is HISTORIES else each for each in arguments]
        np.testing.assert_array_equal(found[row], processor(batch[row].copy(), *own))


NOTHING = np.full(5, -np.inf, np.float32)


@pytest.mark.parametrize(("processor", "arguments"), [(first, rest) for first, *rest in PROCESSORS[:4]])
def test_where_nothing_is_left_nothing_comes_back(processor, arguments):
    with np.errstate(all="raise"):
        assert kept(processor(NOTHING.copy(), *arguments)) == set()


def test_the_law_of_logarithms_holds_for_min_p():
    logits = np.log(np.array([0.6, 0.3, 0.06, 0.04], np.float32))
    assert kept(processors.min_p(logits, 0.0999)) == {0, 1, 2}
    assert math.isinf(logits[3])
