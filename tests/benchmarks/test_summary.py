"""Raw times to figures."""

import dataclasses

import pytest

from edgeword_bench.measuring.bandwidth import read_bandwidth
from edgeword_bench.measuring.clock import fixed_computation
from edgeword_bench.measuring.subject import SubjectTimes, Turn
from edgeword_bench.results import summary
from tests.benchmarks.reports import result

# Eleven processes of one turn whose words cost 1 to 40 µs.
TURN = Turn(tuple(map(float, range(1, 41))), prompt_s=0.001, first_word_s=0.002, engine_us=(5.0,), engine_runs=1)
RISING = [SubjectTimes("f", {"load_s": 0.01}, 40, True, (TURN,))] * 11


def test_the_figures_of_words():
    row = summary.with_words(result(), RISING)
    assert (row.runs, row.p50_us, row.words_per_s) == (440, 20.5, pytest.approx(1e6 / 20.5))
    assert (row.load_ms, row.prompt_ms, row.first_word_ms) == (10.0, 1.0, 2.0)
    assert (row.engine_p50_us, row.engine_runs_per_word, row.p99_us) == (5.0, 1.0, None)
    assert row.p50_interval_us == (20.5, 20.5)
    assert row.settled is True


def test_one_process_that_did_not_settle_is_told():
    processes = [*RISING, dataclasses.replace(RISING[0], settled=False)]
    assert summary.with_words(result(), processes).settled is False


def test_the_last_tenth_over_the_first():
    assert summary.last_over_first([[float(us) for us in range(1, 41)]] * 11) == 38.5 / 2.5
    assert summary.last_over_first([[1.0] * 40] * 11) == 1.0
    assert summary.last_over_first([[1.0] * 19] * 11) is None


def test_a_subject_that_is_only_clocked_has_no_other_figures():
    plain = SubjectTimes("f", {}, 40, True, (Turn((1.0, 2.0, 3.0)),))
    row = summary.with_words(result(), [plain] * 11)
    assert row.p50_us == 2.0
    assert {row.prompt_ms, row.first_word_ms, row.engine_p50_us, row.engine_runs_per_word, row.load_ms} == {None}


def test_one_disturbed_turn_of_a_process_does_not_count():
    assert summary.process_medians((((1.0,), (2.0,), (90.0,)), ((), (5.0,)), ((),))) == [2.0, 5.0]


def test_nothing_timed_has_no_figure():
    row = summary.with_words(result(), [])
    assert {row.p50_us, row.words_per_s, row.load_ms, row.settled, row.engine_p50_us, row.last_over_first} == {None}


@pytest.mark.parametrize(("times", "drift"), [([1, 1, 1, 5, 2, 2, 2], 1.0), ([1, 2], 0.0), ([2] * 9, 0.0)])
def test_drift_is_the_last_third_over_the_first(times, drift):
    assert summary.drift(times) == drift


def test_the_floor():
    row = dataclasses.replace(result(), p50_us=30.0, read_bytes_per_word=1000, engine_runs_per_word=1.0)
    found = summary.with_floor(row, bandwidth=1e8)
    assert (found.floor_us, found.over_floor) == (10.0, 3.0)
    assert summary.with_floor(row, None).over_floor is None
    too_slow_to_be_one = summary.with_floor(row, bandwidth=2e7)  # 50 µs, and a word takes 30
    assert (too_slow_to_be_one.floor_us, too_slow_to_be_one.over_floor) == (None, None)
    replayed = dataclasses.replace(row, engine_runs_per_word=5.0)
    assert summary.with_floor(replayed, 1e8).floor_us is None


@pytest.mark.parametrize("size", [0, 1, 100, 1_000_003])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_bandwidth_of_any_size(size, threads):
    assert 1e6 < read_bandwidth(size, threads) < 1e13


def test_the_fixed_computation_takes_time():
    assert fixed_computation() > 0
