"""Drawing words: the random numbers, and that words come as often as they are probable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from edgeword.generation.options import GenerationOptions
from edgeword.generation.sampling import draw, sample, uniform

PINNED = (
    [0.8833108082136426, 0.43152799704850997, 0.026433771592597743],
    [0.64635420864685, 0.7051565804294084, 0.31821586879124175],
)
ALMOST_ONE = 1 - 2**-53


def test_the_numbers_of_a_seed_never_change():
    """Written down, so that a seed gives the same text in later versions and in other languages."""
    assert [uniform(0, index) for index in range(3)] == PINNED[0]
    assert [uniform(2**64 - 1, index) for index in range(3)] == PINNED[1]


def splitmix64(seed, count):
    """The generator as its authors write it, with a state that goes on."""
    mask, found = 2**64 - 1, []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        bits = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & mask
        bits = ((bits ^ bits >> 27) * 0x94D049BB133111EB) & mask
        found.append(bits ^ bits >> 31)
    return found


def test_the_numbers_are_those_of_splitmix64():
    state = splitmix64(0, 1)[0]
    # mix(0) is 0: seed 0 begins at the state 0, and its first output is the published one.
    assert uniform(0, 0) == (state >> 11) / 2**53
    assert state == 0xE220A8397B1DCDAF


def test_the_numbers_are_uniform_and_seeds_have_their_own():
    rows = np.array([[uniform(seed, index) for index in range(2000)] for seed in range(5)])
    assert all(stats.kstest(row, "uniform").pvalue > 0.001 for row in rows)
    assert abs(np.corrcoef(rows)[~np.eye(5, dtype=bool)]).max() < 0.1
    assert stats.kstest([uniform(seed, 0) for seed in range(2000)], "uniform").pvalue > 0.001


@given(st.lists(st.floats(0, 1) | st.just(0.0), min_size=1, max_size=40), st.data())
def test_a_number_draws_the_word_at_its_place_in_the_distribution(values, data):
    weights = np.array(values)
    number = data.draw(st.sampled_from([0.0, ALMOST_ONE]) | st.floats(0, ALMOST_ONE))
    found = draw(weights, number)
    if not weights.any():
        assert found is None
        return
    assert weights[found] > 0
    before, upto = weights[:found].sum() / weights.sum(), weights[: found + 1].sum() / weights.sum()
    assert before - 1e-12 <= number <= upto + 1e-12


@pytest.mark.parametrize("keywords", [{}, {"top_k": 3}, {"top_p": 0.5}, {"min_p": 0.5}, {"top_k": 3, "top_p": 0.5}])
def test_where_nothing_is_left_nothing_is_drawn(keywords):
    logits = np.full(8, -np.inf, np.float32)
    with np.errstate(all="raise"):
        assert sample(logits, GenerationOptions(temperature=0.5, **keywords), 0.5) is None


CASES = [
    {"temperature": 1},
    {"temperature": 0.5},
    {"temperature": 2, "top_k": 12},
    {"temperature": 1, "top_p": 0.8},
    {"temperature": 1.5, "min_p": 0.1},
    {"temperature": 0.9, "top_k": 20, "top_p": 0.9, "min_p": 0.02},
]


def plain_distribution(logits, temperature, top_k=0, top_p=1, min_p=0):
    """transformers' order: temperature, top-k, top-p, min-p; each on the renormalized rest."""
    chance = np.exp(logits.astype(np.float64) / temperature)
    order = np.argsort(-chance)
    chance[order[top_k or len(chance) :]] = 0
    chance /= chance.sum()
    order = np.argsort(-chance)
    chance[order[1:][np.cumsum(chance[order])[:-1] >= top_p]] = 0
    chance[chance < min_p * chance.max()] = 0
    return chance / chance.sum()


@pytest.mark.parametrize("keywords", CASES)
def test_words_are_drawn_as_often_as_they_are_probable(keywords):
    logits = np.random.default_rng(3).normal(0, 1.5, 40).astype(np.float32)
    expected = plain_distribution(logits, **keywords)
    options = GenerationOptions(**keywords)
    drawn = [sample(logits.copy(), options, uniform(7, index)) for index in range(20_000)]
    counts = np.bincount(drawn, minlength=40)
    assert counts[expected == 0].sum() == 0
    likely = expected * len(drawn) >= 5
    observed = np.append(counts[likely], counts[~likely].sum())
    wanted = np.append(expected[likely], expected[~likely].sum()) * len(drawn)
    assert stats.chisquare(observed[wanted > 0], wanted[wanted > 0]).pvalue > 0.001


@given(st.integers(0, 2**64 - 1), st.integers(0, 1000))
def test_top_k_of_one_is_greedy(seed, index):
    logits = np.random.default_rng(index).integers(-3, 3, 30).astype(np.float32)  # with many equals
    options = GenerationOptions(temperature=1.5, top_k=1)
    assert sample(logits.copy(), options, uniform(seed, index)) == logits.argmax()


@given(st.integers(0, 1000), st.sampled_from([1e-3, 1e-6, 1e-40]))
def test_small_temperatures_tend_to_greedy(seed, temperature):
    logits = np.random.default_rng(seed).normal(0, 3, 30).astype(np.float32)
    second, first = np.sort(logits)[-2:]
    if first - second > 50 * temperature:
        options = GenerationOptions(temperature=temperature)
        assert sample(logits.copy(), options, uniform(seed, 0)) == logits.argmax()


@given(st.integers(0, 1000))
def test_options_that_keep_all_are_plain_sampling(seed):
    logits, number = np.random.default_rng(seed).normal(0, 3, 30).astype(np.float32), uniform(seed, 1)
    plain = sample(logits.copy(), GenerationOptions(temperature=0.8), number)
    for neutral in ({"top_p": 1}, {"top_k": 30}, {"top_k": 100}, {"min_p": 0}):
        assert sample(logits.copy(), GenerationOptions(temperature=0.8, **neutral), number) == plain
