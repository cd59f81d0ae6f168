"""`edgeword benchmark`: what it prints and writes, and its exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgeword_bench.commands
from edgeword.installing import install_command
from edgeword.tables import LINE
from edgeword_bench import Interrupted, Report
from edgeword_bench.report import extra
from tests.benchmarks.reports import report, result

ONE = ("STEP", "--engine", "onnx", "--precision", "float32")


def test_figures_on_standard_output_and_progress_beside_it(run):
    code, out, err = run(*ONE)
    assert code == 0
    header, row, _, _, percentiles, *_ = out.splitlines()
    assert header.split()[:2] == ["engine", "precision"]
    assert row.split()[:2] == ["onnx", "float32"]
    assert " - " in percentiles  # no p99 of 80 words
    assert max(map(len, out.splitlines()[:8])) <= LINE
    assert "next" not in out
    assert "checking 1 variant in processes of their own" in err


def test_both_files_are_written(run, tmp_path):
    code, _, _ = run(*ONE, "--json", tmp_path / "r.json", "--html", tmp_path / "r.html")
    assert code == 0
    data = json.loads((tmp_path / "r.json").read_text())
    assert data.keys() >= {"environment", "results"}
    assert [row["engine"] for row in data["results"]] == ["onnx"]
    assert "data:image/svg+xml" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.json"]


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_an_older_file_is_replaced_only_where_that_is_asked_for(run, tmp_path, option):
    path = tmp_path / "r"
    path.write_text("old")
    code, out, err = run(*ONE, option, path)
    assert (code, out) == (2, "")
    assert err == f"edgeword: {path} exists; name another file, or replace it with --force\n"
    assert path.read_text() == "old"
    assert run(*ONE, option, path, "--force")[0] == 0
    assert "onnx" in path.read_text(encoding="utf-8")


def test_a_device_is_written_into_and_stays_one(run):
    assert run(*ONE, "--json", "/dev/null")[0] == 0
    assert Path("/dev/null").is_char_device()


def test_an_interruption_writes_what_was_measured(run, tmp_path, monkeypatch):
    partial = Report({**report().environment, "machine": {"cpu": "x", "cores_allowed": 1, "cores": 1}}, (), (), True)

    def interrupted(*_given, **_options):
        raise Interrupted(partial)

    monkeypatch.setattr(edgeword_bench.commands, "benchmark", interrupted)
    code, _, err = run("STEP", "--json", tmp_path / "r.json", "--html", tmp_path / "r.html")
    assert code == 130
    assert "interrupted" in err
    assert Report.from_json((tmp_path / "r.json").read_text()).interrupted
    assert (tmp_path / "r.html").exists()


def test_nothing_that_can_be_measured_is_a_failure(run, monkeypatch, tmp_path):
    broken = report(result("float32", reason="the process died of SIGABRT"))
    monkeypatch.setattr(edgeword_bench.commands, "benchmark", lambda *_given, **_options: broken)
    code, out, err = run("STEP", "--json", tmp_path / "r.json")
    assert code == 1
    assert "not measured: model.float32.onnx: the process died of SIGABRT" in out
    assert "no variant could be measured here" in err
    assert (tmp_path / "r.json").exists()


def folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize("name", ["signal.SIGINT", "signal.SIGTERM", "signal.SIGHUP"])
def test_any_signal_to_stop_writes_what_was_measured_and_a_second_one_does_not_stop_that(step_bundle, tmp_path, name):
    code = (
        "import os, signal, sys\n"
        "import edgeword_bench.commands as commands, edgeword_bench.measuring.harness as harness\n"
        "from edgeword.cli.main import main\n"
        "from edgeword_bench import Effort, benchmark\n"
        "stop = lambda: os.kill(os.getpid(), " + name + ")\n"
        "keep, page = harness.Harness._keep, commands.page\n"
        "harness.Harness._keep = lambda *given: (keep(*given), stop())\n"
        "commands.page = lambda report: (stop(), page(report))[1]\n"
        "effort = Effort(words=20, turn_s=0, cold_starts=1)\n"
        "commands.benchmark = lambda *given, **options: benchmark(*given, **options, effort=effort)\n"
        "sys.exit(main(['benchmark', *sys.argv[1:]]))"
    )
    line = [
        str(step_bundle),
        "--engine",
        "onnx",
        "--json",
        str(tmp_path / "r.json"),
        "--html",
        str(tmp_path / "r.html"),
    ]
    environment = {**os.environ, "TMPDIR": str(folder(tmp_path / "tmp"))}
    command = [sys.executable, "-c", code, *line]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (130, False)
    written = Report.from_json((tmp_path / "r.json").read_text())
    assert written.interrupted
    assert all(row.runs for row in written.results)
    assert "data:image/svg+xml" in (tmp_path / "r.html").read_text()
    assert list((tmp_path / "tmp").glob("edgeword*")) == []


@pytest.mark.parametrize("name", ["manifest.json", "result.json", "model.float32.onnx"])
def test_no_output_goes_into_the_bundle(run, step_bundle, name):
    before = sorted(path.name for path in step_bundle.iterdir())
    code, out, err = run("STEP", "--json", step_bundle / name)
    assert (code, out) == (2, "")
    assert "would be a file of the bundle" in err
    assert sorted(path.name for path in step_bundle.iterdir()) == before


def test_a_file_that_cannot_be_written_leaves_the_other(run, tmp_path):
    code, out, err = run(*ONE, "--json", "/dev/full", "--html", tmp_path / "r.html")
    assert code == 2
    assert "/dev/full" in err
    assert "onnx" in out
    assert (tmp_path / "r.html").exists()


def test_a_loop_of_links(run, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    code, out, err = run("STEP", "--json", tmp_path / "loop")
    assert (code, out) == (2, "")
    assert "its links lead nowhere" in err


def test_files_are_written_before_anything_is_printed(run, tmp_path, monkeypatch):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert run(*ONE, "--json", tmp_path / "r.json")[0] == 2
    assert Report.from_json((tmp_path / "r.json").read_text()).results[0].runs == 80


BAD_LINES = {
    "nothing": ((), "neither a bundle nor --compare A.json B.json nor --from A.json"),
    "no bundle": (("nowhere",), "there is no such folder"),
    "no such precision here": (("STEP", "--precision", "int16x8"), "has no variant"),
    "threads": (("STEP", "--threads", "300"), "threads is 300"),
    "output in no folder": (("STEP", "--json", "nowhere/r.json"), "does not exist; make it first"),
    "output is a folder": (("STEP", "--html", "."), "it is a folder; name a file in it"),
    "an empty name": (("STEP", "--json", ""), "it is a folder"),
    "one file twice": (("STEP", "--json", "r", "--html", "./r"), "--json and --html both name r"),
    "a limit without a comparison": (("STEP", "--fail-if-slower", "5%"), "is for --compare"),
    "no percentage": (("--compare", "a", "b", "--fail-if-slower", "much"), "is not a percentage"),
    "a result that is shown, of a bundle": (("STEP", "--from", "a"), "--from shows a result and no bundle"),
    "a result that is shown, as JSON": (("--from", "a", "--json", "b"), "--from shows a result and no --json"),
    "no result to show": (("--from", "a"), "cannot read the result of benchmark --json a"),
    "a comparison and a result": (("--from", "a", "--compare", "a", "b"), "--compare takes two results and no --from"),
    "a page of a comparison": (("--html", "h", "--compare", "a", "b"), "--compare takes two results and no --html"),
    "a comparison of a bundle": (("STEP", "--compare", "a", "b"), "--compare takes two results and no bundle"),
    "one result": (("--compare", "a"), "expected 2 arguments"),
    "no result": (("--compare", "a", "b"), "cannot read the result of benchmark --json a"),
}


@pytest.mark.parametrize(("words", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_bad_lines(run, words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_found_before_measuring(run, tmp_path):
    locked = folder(tmp_path / "locked")
    locked.chmod(0o500)
    code, _, err = run("STEP", "--json", locked / "r.json")
    assert code == 2
    assert "no permission" in err


def test_a_read_only_output_is_found_before_measuring(run, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    code, out, err = run("STEP", "--json", tmp_path / "r.json")
    assert (code, out) == (2, "")
    assert err == f"edgeword: cannot write {tmp_path}/r.json: no permission for {tmp_path}; name another file\n"


def test_a_disk_that_fills_up_leaves_the_older_result(run, tmp_path, monkeypatch):
    path = tmp_path / "r.json"
    path.write_text("old")

    def full(_path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgeword.files.flush", full)
    code, out, err = run(*ONE, "--json", path, "--force")
    assert code == 2
    assert "onnx" in out  # what was measured is shown
    assert "No space left on device" in err
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["r.json"]


def test_on_one_processor(step_bundle):
    code = (
        "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from edgeword_bench import Effort, benchmark\n"
        "effort = Effort(processes=2, turns=1, words=20, turn_s=0, least_s=0, cold_starts=0)\n"
        "report = benchmark(sys.argv[1], 'onnx', 'float32', 2, effort=effort)\n"
        "print(report.results[0].runs, *report.warnings, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(step_bundle)], capture_output=True, text=True, check=True)
    runs, *warnings = done.stdout.splitlines()
    assert runs == "20"
    assert "2 threads share 1 processors: they wait for each other" in warnings


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_a_page_without_its_packages_says_how_to_get_them(run, tmp_path, monkeypatch, package):
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == package else object())
    code, out, err = run(*ONE, "--html", tmp_path / "r.html")
    assert (code, out) == (2, "")
    assert err == f"edgeword: {package} is not installed; {install_command('report')}\n"
    assert run(*ONE, "--json", tmp_path / "r.json")[0] == 0
