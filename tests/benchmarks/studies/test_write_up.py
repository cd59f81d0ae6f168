"""The page that `make benchmark` writes: it says what was missed and who is ahead."""

import dataclasses
import json

import numpy as np
import pytest

from edgeword_bench.measuring import machine
from edgeword_bench.report.drawing import png
from studies import targets, write_up
from tests.benchmarks.reports import report, result

ENVIRONMENT = {"machine": machine.machine(), "versions": machine.versions(), "defaults": {"units": 256, "window": None}}


def peer(name, p50_us, precision="float32", **changed):
    row = {"name": name, "library": "numpy 2", "threads": 1, "precision": precision, "words": 200, "agreement": None}
    return {**row, "p50_us": p50_us, "interval_us": None, "reason": None, **changed}


def peers(*rows, **ratios):
    engines = ("litert", "onnx")
    found = {"notebook over edgeword": 600.0, "edgeword over bare loop, float32": 1.0, **ratios}
    figures = {
        "time_ratios": [
            {"what": what, "below": f"edgeword {engine}, float32", "ratio": ratio}
            for what, ratio in found.items()
            for engine in engines
        ],
        "size_ratios": [],
        "flatness": {engine: {"ratio": 1.0} for engine in engines},
        "cold_start": {engine: {"ratio": 1.5} for engine in engines},
    }
    model = {"name": "A", "vocabulary": 10, "embedding": 2, "units": 3}
    return {"model": model, "environment": ENVIRONMENT, "peers": rows, "figures": figures, "notes": ["a note"]}


@pytest.fixture
def written(tmp_path):
    def write(**files):
        for name, content in files.items():
            (tmp_path / f"{name.replace('_', '-')}.json").write_text(json.dumps(content))
        return write_up.page(tmp_path)

    return write


def test_what_was_not_reached_is_bold(written):
    page = written(peers_A=peers())
    assert "| the notebook's word over edgeword's, dynamic-int8 | A | ≥ 500 | 600 | 600 |" in page
    assert "| a fresh process's word over its imports | A | ≤ 1.30 | **1.50** | **1.50** |" in page
    assert "| float32's time over dynamic-int8's | A | ≥ 5.00 | not measured | not measured |" in page


def test_who_is_ahead_is_named(written):
    rows = (peer("PyTorch", 50.0), peer("edgeword onnx, float32", 60.0), peer("edgeword litert, float32", 40.0))
    page = written(peers_A=peers(*rows))
    assert "- Model A, float32: PyTorch (50.0 µs) is ahead of edgeword onnx, float32 (60.0 µs)." in page
    assert "ahead of edgeword litert" not in page


def test_another_precision_is_not_ahead():
    rows = (peer("PyTorch", 1.0, "dynamic-int8"), peer("edgeword onnx, float32", 3.0))
    assert targets.ahead_of_edgeword("A", peers(*rows)) == []


def test_a_bare_engine_is_ahead_of_edgeword_on_it_alone():
    rows = (
        peer("bare litert step, float32", 1.0),
        peer("edgeword onnx, float32", 3.0),
        peer("edgeword litert, float32", 2.0),
    )
    (line,) = targets.ahead_of_edgeword("A", peers(*rows))
    assert "bare litert step, float32 (1.0 µs) is ahead of edgeword litert, float32" in line


def test_what_all_models_have_in_common_is_said_once(written):
    page = written(peers_A=peers(), peers_B={**peers(), "notes": ["a note", "of B alone"]})
    assert page.count("- a note") == page.count("- of B alone") == 1


def test_what_chance_may_have_decided_is_said():
    rows = (peer("NumPy", 2.0, interval_us=[1.0, 2.5]), peer("edgeword onnx, float32", 3.0, interval_us=[2.0, 4.0]))
    assert targets.ahead_of_edgeword("A", peers(*rows))[0].endswith("(3.0 µs), though their intervals overlap.")


def test_a_busy_machine_is_said(written):
    found = peers()
    page = written(peers_A={**found, "environment": {**ENVIRONMENT, "warnings": ["the machine was busy"]}})
    assert "**Warning:** the machine was busy." in page


def test_a_peer_that_could_not_be_had_says_why(written):
    page = written(peers_A=peers(peer("PyTorch", None, library=None, reason="there is no torch")))
    assert "| PyTorch | – | 1 | – | not measured: there is no torch | – |" in page


def test_without_results_there_is_only_the_head(written):
    assert written().startswith("# Benchmarks\n")
    assert "##" not in written()


def test_every_picture_is_drawn(tmp_path):
    random = np.random.default_rng(0)
    row = result("int4", [[random.uniform(9, 11, 30) for _ in range(3)] for _ in range(4)])
    row = dataclasses.replace(row, p90_us=10.5, p99_us=10.9)
    (tmp_path / "demo.json").write_text(report(row).to_json())
    line = {"engine": "onnx", "precision": "float32", "threads": 1, "x": [1, 10], "p50_us": [1.0, 10.0]}
    (tmp_path / "scaling.json").write_text(json.dumps({"sweeps": {"units": [line]}}))
    pictures = dict(write_up.drawn(tmp_path))
    assert pictures.keys() == {"benchmark-size", "benchmark-distributions", "benchmark-positions", "scaling-units"}
    assert all(png(picture).startswith(b"\x89PNG") for picture in pictures.values())


def test_how_a_word_grows_and_how_far_to_trust_it_have_their_tables(written):
    line = {"engine": "onnx", "precision": "float32", "threads": 1, "x": [1000, 10000], "p50_us": [1.0, 10.0]}
    scaling = {"environment": ENVIRONMENT, "sweeps": {"units": [{**line, "exponents": {"all": 1.0, "end": 0.5}}]}}
    clocks = {"onnx float32": {"benchmark_us": 10.0, "timeit_us": 8.0, "ratio": 1.25}}
    counts = {"comparisons": 10, "with_a_false_verdict": 1, "slower_than_5_percent": 0}
    ratios = {"smallest_ratio": 0.98, "largest_ratio": 1.02}
    page = written(scaling=scaling, trust={"environment": ENVIRONMENT, "p50": clocks, **counts, **ratios})
    assert "| units 1,000 to 10,000 | onnx | float32 | 1 | 1, 10 | 1.00 | 0.50 |" in page
    assert "![Time a word against units](pictures/scaling-units.png)" in page
    assert "| onnx float32 | 10.0 | 8.0 | 1.250 |" in page
    assert "Of 10 comparisons of a benchmark with itself, 1 said" in page
