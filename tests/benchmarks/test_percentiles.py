"""Percentiles and their intervals, against distributions whose percentiles are known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword_bench.results.percentiles import ENOUGH, percentile

DISTRIBUTIONS = {
    "exponential": (lambda random, n: random.exponential(size=n), lambda q: -math.log1p(-q)),
    "uniform": (lambda random, n: random.uniform(size=n), lambda q: q),
    "pareto": (lambda random, n: 1 + random.pareto(1.5, size=n), lambda q: (1 - q) ** (-1 / 1.5)),
}


def at_most_one_above(runs: int, share: float) -> float:
    return share**runs + runs * share ** (runs - 1) * (1 - share)


@pytest.mark.parametrize("percent", ENOUGH)
def test_enough_runs_are_the_fewest_that_see_beyond_the_percentile(percent):
    runs = ENOUGH[percent]
    assert at_most_one_above(runs, percent / 100) <= 0.01 < at_most_one_above(runs - 1, percent / 100)


@pytest.mark.parametrize("percent", ENOUGH)
def test_too_few_runs_give_no_percentile(percent):
    assert percentile(np.arange(ENOUGH[percent] - 1), percent) is None
    assert percentile(np.arange(ENOUGH[percent]), percent) is not None


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("percent", ENOUGH)
@pytest.mark.parametrize("times", [1, 4])
def test_the_interval_holds_the_true_percentile_as_often_as_it_says(name, percent, times):
    draw, quantile = DISTRIBUTIONS[name]
    random, truth = np.random.default_rng(percent), quantile(percent / 100)
    found = [percentile(draw(random, times * ENOUGH[percent]), percent).interval for _ in range(1500)]
    held = np.mean([low <= truth <= high for low, high in found])
    assert held >= 0.94  # 95 % is guaranteed; three standard errors of 1,500 draws are 1.7 %
    assert held <= 0.995  # and it is no wider than it has to be


def test_many_runs_find_the_percentile():
    runs = np.random.default_rng(0).exponential(size=200_000)
    for percent in ENOUGH:
        found = percentile(runs, percent)
        assert found.value == pytest.approx(-math.log1p(-percent / 100), rel=0.02)
        assert found.interval[1] / found.interval[0] < 1.05


@given(st.lists(st.floats(0.1, 1e6), min_size=64, max_size=200), st.floats(0.5, 100))
def test_the_unit_of_the_runs_is_the_unit_of_the_percentile(runs, factor):
    once, scaled = percentile(runs, 90), percentile([factor * run for run in runs], 90)
    assert scaled.value == pytest.approx(factor * once.value)
    assert scaled.interval == pytest.approx([factor * end for end in once.interval])
    assert min(runs) <= once.interval[0] <= once.value <= once.interval[1] <= max(runs)
