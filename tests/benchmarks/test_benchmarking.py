"""A whole benchmark of a tiny bundle: every figure there, or null with its reason."""

import dataclasses
import itertools
import json
import shutil
import statistics
from pathlib import Path

import pytest

from edgeword import BundleError, EngineError, MissingEngineError, UsageError
from edgeword.bundle.bundle import Bundle
from edgeword.engines.engine import Engine
from edgeword.installing import install_command
from edgeword_bench import Effort, Interrupted, Report, benchmark
from edgeword_bench.measuring import harness, machine, process
from tests.runtime.changed import keep_variants
from tests.runtime.damaged import damage

CONTRACT = {
    *("engine", "format", "precision", "decode", "threads", "runs", "p50_us", "p90_us", "p99_us", "words_per_s"),
    *("load_ms", "cold_start_ms", "peak_rss_mb", "size_bytes", "perplexity", "top1_agreement"),
}
QUICK = Effort(processes=2, turns=2, words=80, turn_s=0, least_s=0, cold_starts=1)
ENOUGH = dataclasses.replace(QUICK, processes=11, turns=1, words=700, most_processes=11, cold_starts=11)


@pytest.fixture
def copy(step_bundle, tmp_path):
    """A copy of the step bundle that holds the float32 variants alone."""
    path = Path(shutil.copytree(step_bundle, tmp_path / "bundle"))
    keep_variants(path, "model.float32.tflite", "model.float32.onnx")
    return path


def test_every_figure_of_a_variant(copy):
    report = benchmark(copy, engine="onnx", effort=ENOUGH)
    (row,) = json.loads(report.to_json())["results"]
    assert row.keys() >= CONTRACT
    assert {key for key, value in row.items() if value is None} <= {"reason", "floor_us", "over_floor"}
    assert row["runs"] == sum(len(turn) for timed in row["times_us"] for turn in timed) >= 700
    assert row["p50_us"] <= row["p90_us"] <= row["p99_us"]
    medians = sorted(statistics.median(timed[0]) for timed in row["times_us"])
    assert row["p50_interval_us"] == pytest.approx([medians[1], medians[-2]])
    assert row["p90_interval_us"][0] <= row["p90_us"] <= row["p90_interval_us"][1]
    assert row["engine_p50_us"] < row["p50_us"]
    if row["floor_us"] is not None:
        assert row["over_floor"] == pytest.approx(row["p50_us"] / row["floor_us"])
        assert row["over_floor"] >= 1
    parts = sum(row[f"cold_{part}_ms"] for part in ("python", "import", "load", "first_word"))
    assert row["cold_start_ms"] == pytest.approx(parts, rel=0.5)  # medians, each of its own
    assert 10 < row["peak_rss_mb"] < 2000
    variant = next(v for v in Bundle(copy).manifest.variants if v.format == "onnx")
    assert (row["size_bytes"], row["perplexity"]) == (variant.size, variant.fidelity.perplexity)


def test_the_machine_stands_beside_the_figures(copy):
    report = benchmark(copy, engine="onnx", effort=QUICK)
    environment = json.loads(report.to_json())["environment"]
    assert environment["bundle"]["digest"] == Bundle(copy).digest
    assert environment["machine"]["cores_allowed"] >= 1
    assert len(environment["state"]["load_before"]) == len(environment["state"]["load_after"]) == 3
    assert environment["versions"].keys() >= {"edgeword", "python", "numpy", "onnxruntime"}
    assert (environment["settings"]["threads"], environment["settings"]["onnxruntime_spinning"]) == (1, False)


def test_a_percentile_of_too_few_runs_is_null(copy):
    (row,) = benchmark(copy, engine="onnx", effort=QUICK).results
    assert row.runs == 80
    assert None not in (row.p50_us, row.p90_us)
    assert row.p99_us is row.p99_interval_us is row.p50_interval_us is row.cold_start_ms is row.load_ms is None


def test_all_variants_are_measured(copy):
    report = benchmark(copy, effort=QUICK)
    assert {(row.file, row.runs) for row in report.results} == {(v.file, 80) for v in Bundle(copy).manifest.variants}


@pytest.mark.parametrize("mode", ["replay_bundle", "window_bundle"])
def test_bundles_in_decode_mode_window(mode, request):
    (row,) = benchmark(request.getfixturevalue(mode), "onnx", "float32", effort=QUICK).results
    assert (row.decode, row.runs) == ("window", 80)


def test_a_variant_that_fails_its_self_test_has_a_row_with_the_reason(copy):
    damage(copy, "model.float32.tflite")
    broken, whole = benchmark(copy, effort=QUICK).results
    assert "self-test failed" in broken.reason
    assert (broken.runs, broken.p50_us, broken.peak_rss_mb, broken.times_us) == (0, None, None, ())
    assert broken.size_bytes > 0
    assert whole.reason is None
    assert whole.runs == 80


def test_a_variant_of_which_the_engine_dies_has_a_row_with_the_reason(copy, monkeypatch):
    dying = f"import sys, os; 'litert' in sys.argv and os.abort(); {process._FIRST_WORD}"
    monkeypatch.setattr(process, "_FIRST_WORD", dying)
    dead, whole = benchmark(copy, effort=QUICK).results
    assert dead.reason == "the process died of SIGABRT"
    assert whole.runs == 80


def dying(monkeypatch, module, stage, dies):
    """Let a stage's processes die where `dies(what it was asked)` says so."""
    real = getattr(module, stage)

    def asked(*given):
        if dies(*given):
            raise EngineError("the process died of SIGSEGV")
        return real(*given)

    monkeypatch.setattr(module, stage, asked)


def names(request):
    return [subject.name for subject in request.subjects]


def test_a_process_that_dies_once_is_said_and_the_others_count(copy, monkeypatch):
    deaths = iter([True])
    dying(monkeypatch, harness, "time_in_process", lambda _request, _environment: next(deaths, False))
    report = benchmark(copy, engine="onnx", effort=QUICK)
    assert report.results[0].runs == 80
    assert "1 of the processes failed, the last of this: the process died of SIGSEGV" in report.warnings


def test_a_variant_that_dies_in_its_process_does_not_take_the_others_along(copy, monkeypatch):
    dying(
        monkeypatch, harness, "time_in_process", lambda request, _environment: "model.float32.tflite" in names(request)
    )
    dead, whole = benchmark(copy, effort=QUICK).results
    assert (dead.reason, dead.runs, dead.peak_rss_mb) == ("the process died of SIGSEGV", 0, None)
    assert (whole.reason, whole.runs) == (None, 80)


def test_processes_that_all_die_are_given_up_with_the_reason(copy, monkeypatch):
    dying(monkeypatch, harness, "time_in_process", lambda request, _environment: True)
    assert {row.reason for row in benchmark(copy, effort=QUICK).results} == {"the process died of SIGSEGV"}


def test_a_cold_start_that_dies_leaves_the_words(copy, monkeypatch):
    calls = itertools.count()
    dying(monkeypatch, process, "cold_start", lambda *_given: next(calls) >= 2)
    report = benchmark(copy, engine="onnx", effort=QUICK)
    assert (report.results[0].runs, report.results[0].cold_start_ms) == (80, None)
    assert any("processes failed" in line for line in report.warnings)


def test_a_process_that_hangs_is_given_up(copy, monkeypatch):
    monkeypatch.setattr(process, "_FIRST_WORD", "import time; time.sleep(60)")
    monkeypatch.setattr(process, "_PATIENCE_S", 0.1)
    assert [row.reason for row in benchmark(copy, effort=QUICK).results] == ["no word within 0.1 s"] * 2


def test_an_engine_that_is_not_installed_has_rows_that_say_how_to_get_it(copy, monkeypatch):
    found = Engine.installed.fget
    monkeypatch.setattr(Engine, "installed", property(lambda kind: kind.name == "onnx" and found(kind)))
    rows = {row.engine: row for row in benchmark(copy, effort=QUICK).results}
    assert rows["onnx"].runs == 80
    assert rows["litert"].reason == f"the engine litert is not installed; {install_command('litert')}"


def test_no_engine_at_all(copy, monkeypatch):
    monkeypatch.setattr(Engine, "installed", property(lambda _kind: False))
    with pytest.raises(MissingEngineError, match="no engine is installed"):
        benchmark(copy)


STAGES = {"checking": 0, "timing": 0}


@pytest.mark.parametrize(("stage", "runs"), STAGES.items())
def test_an_interruption_leaves_what_was_measured(copy, stage, runs):
    def tell(line: str) -> None:
        if line.startswith(stage):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        benchmark(copy, effort=QUICK, tell=tell)
    report = Report.from_json(caught.value.report.to_json())
    assert report.interrupted
    assert sum(row.runs for row in report.results) == runs
    assert len(report.results) == 2


def test_an_interruption_at_the_very_end_leaves_all(copy, monkeypatch):
    calls = itertools.count()
    doubts = machine.doubts
    monkeypatch.setattr(machine, "doubts", lambda *given: interrupt() if next(calls) == 0 else doubts(*given))

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        benchmark(copy, engine="onnx", effort=QUICK)
    assert caught.value.report.results[0].runs == 80


def test_the_report_reads_back(copy):
    report = benchmark(copy, engine="onnx", effort=QUICK)
    again = Report.from_json(report.to_json())
    assert again.results == report.results
    assert again.to_json() == report.to_json()


def test_modules_in_the_current_folder_are_not_imported(copy, tmp_path, monkeypatch):
    for name in ("json", "numpy", "random", "statistics", "edgeword"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    assert benchmark(copy, engine="onnx", effort=QUICK).results[0].runs == 80


def test_what_libraries_print_is_no_answer(copy, monkeypatch):
    noisy = f"import atexit; print('{{}}'); atexit.register(print, '{{}}'); {process._FIRST_WORD}"
    monkeypatch.setattr(process, "_FIRST_WORD", noisy)
    assert benchmark(copy, engine="onnx", effort=QUICK).results[0].runs == 80


@pytest.mark.parametrize("name", ["processes", "turns", "words"])
def test_no_effort_at_all(name):
    with pytest.raises(UsageError, match=f"{name} is 0"):
        Effort(**{name: 0})


def test_the_users_own_trials_are_left_alone(copy, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    benchmark(copy, engine="onnx", effort=QUICK)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, "threads is 0"),
        ({"engine": "torch"}, "engine 'torch' is not one of"),
        ({"precision": "int3"}, "precision 'int3' is not one of"),
        ({"precision": "int16x8"}, "has no variant for engine auto, precision int16x8"),
    ],
)
def test_options_out_of_range(copy, options, message):
    with pytest.raises(UsageError, match=message):
        benchmark(copy, **options)


def test_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="no such folder"):
        benchmark(tmp_path / "nowhere")
