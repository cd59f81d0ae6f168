"""Scaling: every way of every size is timed, and a power is found."""

import numpy as np
import pytest

from edgeword_bench import Effort
from edgeword_bench.measuring.subject import Subject
from studies import scaling
from studies.scaling import Size

QUICK = Effort(processes=1, turns=11, words=44, turn_s=0, least_s=0, most_processes=1)


def test_exponents_are_those_of_a_power():
    x = [1_000, 3_000, 10_000]
    found = scaling.exponents(x, [2 * value**1.5 for value in x])
    assert found == pytest.approx({"all": 1.5, "end": 1.5})


@pytest.mark.parametrize("window", [None, 4])
def test_every_engine_and_precision_of_a_size_is_timed(window):
    size = Size(vocabulary=30, units=8, embedding=8, window=window)
    found = scaling.measured(size, (1,), QUICK)
    assert found.keys() == {(e, p, 1) for e in ("litert", "onnx") for p in ("float32", "dynamic-int8")}
    assert all(len(times) == 11 and min(times) > 0 for times in found.values())


def test_a_sweep_has_a_line_for_each_way(monkeypatch):
    monkeypatch.setattr(
        scaling,
        "measured",
        lambda size, threads, effort: {("onnx", "float32", n): [size.units * n] * 11 for n in threads},
    )
    one, two = scaling.sweep("units", (2, 4, 8), (1, 2))
    assert (one["x"], one["p50_us"], two["p50_us"]) == ([2, 4, 8], [2, 4, 8], [4, 8, 16])
    assert one["exponents"] == pytest.approx({"all": 1.0, "end": 1.0})
    assert np.shape(two["times_us"]) == (3, 11)


def test_a_way_that_fails_is_said(monkeypatch):
    lost = Subject("lost", "studies.decoder_subject:nothing", {})
    monkeypatch.setattr(scaling, "ways", lambda size, threads, folder: iter([(("onnx", "float32", 1), lost)]))
    with pytest.raises(RuntimeError, match="could not be measured: .*has no attribute 'nothing'"):
        scaling.measured(Size(), (1,), QUICK)
