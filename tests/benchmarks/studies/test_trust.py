"""How far the benchmark can be trusted: its clock beside another, and its verdicts on itself."""

import numpy as np
import pytest

from studies import trust
from tests.benchmarks.reports import report, result


def measured(us: float, precision: str):
    random = np.random.default_rng(int(us * 10))
    return report(result(precision, us * (1 + 0.01 * random.uniform(size=(11, 3, 9)))))


def test_verdicts_on_itself_are_counted():
    reports = [measured(us, precision) for us in (10.0, 10.1, 10.0, 20.0) for precision in trust.PRECISIONS]
    found = trust.alarms(reports)
    assert (found["comparisons"], found["with_a_false_verdict"], found["slower_than_5_percent"]) == (4, 2, 2)
    assert found["largest_ratio"] == pytest.approx(2.0, rel=0.02)
    assert found["smallest_ratio"] == pytest.approx(1.01, rel=0.02)


def test_clocks_are_held_against_each_other():
    found = trust.clocks([measured(10.0, "float32"), measured(12.0, "float32")], {"onnx float32": [5.0, 6.0]})
    assert found["onnx float32"]["ratio"] == pytest.approx(2.0, rel=0.02)


def test_the_other_clock_runs_on_a_bundle(step_bundle, monkeypatch):
    monkeypatch.setattr(
        trust, "TIMEIT", trust.TIMEIT.replace("number=2000", "number=9").replace("repeat=500", "repeat=3")
    )
    assert 0.1 < trust.by_timeit(str(step_bundle), "onnx", "float32") < 1e5
