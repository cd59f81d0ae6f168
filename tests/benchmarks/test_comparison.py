"""Comparing two results: the statistics against SciPy's, and how often they cry wolf."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from edgeword import UsageError
from edgeword_bench.report.tables import comparison_lines
from edgeword_bench.results.comparison import Change, Comparison, compare
from edgeword_bench.results.significance import bootstrap_ratio, holm, mann_whitney
from tests.benchmarks.reports import report, result

PROCESSES, VARIANTS = 11, 6
times = st.lists(st.floats(1, 100).map(lambda value: round(value, 1)), min_size=8, max_size=20)


@given(times, times)
def test_the_test_is_that_of_scipy(a, b):
    expected = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=True).pvalue
    found = mann_whitney(a, b)
    assert found == pytest.approx(1.0 if np.isnan(expected) else expected, abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values):
    adjusted = holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))
    assert [adjusted[i] for i in np.argsort(p_values, kind="stable")] == sorted(adjusted)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def processes(random, us, noise):
    """Processes of 3 turns of 9 words, under a kind of noise."""
    return [[NOISES[noise](random, us) for _ in range(3)] for _ in range(PROCESSES)]


def steady(random, us):
    return us * (1 + 0.02 * np.abs(random.normal(size=9)))


def in_bursts(random, us):
    """Now and then something else runs for a whole turn."""
    return steady(random, us) * (1.5 if random.uniform() < 0.08 else 1)


def in_moods(random, us):
    """The words of a turn are slow or fast together: they are no independent runs."""
    return steady(random, us) * random.lognormal(0, 0.05)


def test_a_stretch_of_disturbance_is_no_slowdown():
    """Eight processes in a row beside a noisy neighbour: the ranks differ, the undisturbed ones do not."""
    random = np.random.default_rng(6)
    calm, disturbed = ([[steady(random, us)] for us in times] for times in ([50.0] * 11, [62.0] * 8 + [50.0] * 3))
    (change,) = compare(report(result("int4", calm)), report(result("int4", disturbed))).changes
    assert change.p_value < 0.01
    assert change.interval[0] > 1
    assert change.verdict == "same"


NOISES = {noise.__name__: noise for noise in (steady, in_bursts, in_moods)}


def benchmark(random, noise, factor=1.0):
    rows = [result(f"p{i}", processes(random, factor * 10 * (i + 1), noise)) for i in range(VARIANTS)]
    return report(*rows)


@pytest.mark.parametrize("noise", NOISES)
def test_a_benchmark_against_itself_rarely_shows_a_difference(noise):
    random = np.random.default_rng(1)
    alarms = 0
    for _ in range(100):
        changes = compare(benchmark(random, noise), benchmark(random, noise)).changes
        alarms += any(change.verdict != "same" for change in changes)
    assert alarms / 100 <= 0.05  # 1 % is aimed at; 100 draws of it stay at 5 % or below in 999 cases of 1,000


@pytest.mark.parametrize("noise", NOISES)
def test_what_is_slower_by_a_fifth_is_found(noise):
    random = np.random.default_rng(2)
    comparison = compare(benchmark(random, noise), benchmark(random, noise, factor=1.2))
    assert [change.verdict for change in comparison.changes] == ["slower"] * VARIANTS
    assert all(change.is_slower_than(0.05) for change in comparison.changes)
    assert not any(change.is_slower_than(0.3) for change in comparison.changes)


def test_faster_is_not_slower():
    random = np.random.default_rng(3)
    (change, *_) = compare(benchmark(random, "steady"), benchmark(random, "steady", factor=0.8)).changes
    assert change.verdict == "faster"
    assert not change.is_slower_than(0)
    assert change.ratio == pytest.approx(0.8, rel=0.01)


@pytest.mark.parametrize("percent", [50, 25])
def test_the_interval_of_the_ratio_holds_it(percent):
    random = np.random.default_rng(4)
    held = 0
    for _ in range(300):
        a, b = random.lognormal(0, 0.05, PROCESSES), 1.1 * random.lognormal(0, 0.05, PROCESSES)
        low, high = bootstrap_ratio(a, b, percent)
        held += low <= 1.1 <= high
    assert held / 300 >= 0.9


def steady_row(precision, count=PROCESSES):
    return result(precision, processes(np.random.default_rng(5), 10, "steady")[:count])


def test_what_is_in_one_result_alone_is_named():
    comparison = compare(report(steady_row("int4"), steady_row("float32")), report(steady_row("float32")))
    assert [change.name for change in comparison.changes] == ["onnx float32 (step)"]
    assert comparison.not_told == ("onnx int4 (step): only in A",)
    assert compare(report(steady_row("int4")), report(steady_row("int4"), steady_row("float32"))).new == (
        "onnx float32 (step)",
    )


def test_too_few_processes_are_not_compared():
    with pytest.raises(UsageError, match="too few processes to tell a difference"):
        compare(report(steady_row("int4", 3)), report(steady_row("int4", 3)))


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 11])
@pytest.mark.parametrize("variants", [1, 6])
def test_whatever_is_compared_can_be_found_slower(count, variants):
    """With few processes no p-value falls below the significance: such a comparison must not look like a pass."""
    random = np.random.default_rng(7)
    a, b = (
        report(*(result(f"p{i}", processes(random, us, "steady")[:count]) for i in range(variants))) for us in (10, 20)
    )
    try:
        comparison = compare(a, b)
    except UsageError:
        assert count < 8
    else:
        assert count > 4
        assert {change.verdict for change in comparison.changes} == {"slower"}


def test_a_slower_machine_is_no_slower_model():
    random = np.random.default_rng(8)
    a, b = (
        report(result("int4", processes(random, us, "steady")), state={"reference_us": [us]}) for us in (50.0, 55.0)
    )
    comparison = compare(a, b)
    assert comparison.changes[0].is_slower_than(0.05)
    assert comparison.slower_than(0.05) == []
    assert comparison.drift == pytest.approx(1.1)


@pytest.mark.parametrize("times", [[], None, ["fast"], 3])
def test_a_result_without_the_fixed_computation_is_compared(times):
    one = report(steady_row("int4"), state={"reference_us": times})
    assert compare(one, one).slower_than(0.05) == []


def other_row(**changed):
    return dataclasses.replace(steady_row("int4"), **changed)


APART = {
    "decode mode": ({"decode": "window"}, "decode mode step in A, window in B; name two results of bundles"),
    "threads": ({"threads": 2}, "threads 1 in A, 2 in B; measure both with the same --threads"),
    "engine": ({"engine": "litert"}, "engine onnx in A, litert in B; measure both with the same --engine"),
    "precision": ({"precision": "int8"}, "precision int4 in A, int8 in B; measure both with the same --precision"),
}


@pytest.mark.parametrize(("changed", "reason"), APART.values(), ids=APART)
def test_what_sets_two_results_apart_is_named_and_nothing_else(changed, reason):
    with pytest.raises(UsageError, match="no variant in common that can be compared") as caught:
        compare(report(other_row()), report(other_row(**changed)))
    assert str(caught.value).partition(": ")[2].startswith(reason)
    assert sum(name in str(caught.value) for name in APART) == 1


def test_variants_that_are_mixed_otherwise_are_listed():
    a = report(other_row(engine="litert"), other_row(precision="float32"))
    b = report(other_row(), other_row(engine="litert", precision="float32"))
    with pytest.raises(UsageError, match=r"A has litert int4 \(step\), onnx float32 .* and B has onnx int4"):
        compare(a, b)


def test_a_result_that_measured_nothing_is_named():
    with pytest.raises(UsageError, match="B measured no variant; measure again"):
        compare(report(steady_row("int4")), report(result("int4")))


def test_a_comparison_as_json():
    random = np.random.default_rng(3)
    a, b = benchmark(random, "steady"), benchmark(random, "steady", factor=1.2)
    data = json.loads(compare(a, b).to_json())
    assert [row["verdict"] for row in data["changes"]] == ["slower"] * VARIANTS
    assert data["changes"][0].keys() >= {"name", "a_us", "b_us", "ratio", "interval", "quiet_interval", "p_value"}
    assert (data["drift"], data["new"], data["not_told"], data["warnings"]) == (1.0, [], [], [])
    unknown = report(steady_row("int4"), state={"reference_us": []})
    assert json.loads(compare(unknown, unknown).to_json())["drift"] is None


@pytest.mark.parametrize(
    ("part", "key", "named"),
    [
        ("machine", "id", "another machine"),
        ("machine", "cpu", "another processor"),
        ("bundle", "digest", "another bundle"),
        ("versions", "onnxruntime", "another version of onnxruntime"),
    ],
)
def test_what_else_differs_is_said(part, key, named):
    other = report(steady_row("int4"), **{part: {key: "other"}})
    (warning,) = compare(report(steady_row("int4")), other).warnings
    assert warning.startswith(named)


def test_an_interrupted_result_is_said():
    interrupted = dataclasses.replace(report(steady_row("int4")), interrupted=True)
    assert compare(interrupted, report(steady_row("int4"))).warnings == ("A was interrupted",)


def test_a_machine_that_was_slower_is_said():
    slower = report(steady_row("int4"), state={"reference_us": [110.0, 111.0]})
    (warning,) = compare(report(steady_row("int4")), slower).warnings
    assert "took 1.10 of its time" in warning


def test_warnings_of_the_results_come_along():
    busy = report(steady_row("int4"), warnings=["the machine was busy"])
    assert compare(report(steady_row("int4")), busy).warnings == ("B: the machine was busy",)


def test_equal_results_show_no_difference():
    one = report(steady_row("int4"))
    (change,) = compare(one, one).changes
    assert (change.ratio, change.verdict) == (1.0, "same")


def test_its_lines_fit_a_terminal():
    name = "litert dynamic-int8-per-tensor (window)"
    change = Change(name, 1_234.5, 1_345.6, 1.09, (1.085, 1.095), (1.081, 1.099), 0.0001)
    lines = comparison_lines(Comparison((change,), (), (), (), 1.0))
    assert name in lines[1]
    assert max(map(len, lines)) <= 100
