"""First trials: an engine that dies or hangs in one is passed over by name, and never takes this process along."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from edgeword import EdgewordWarning, EngineError, load
from edgeword.choice import apart
from edgeword.cli.main import main
from edgeword.isolation import process

OPENING = {"opening": True, "running": False}
FIRST_RUN = {"opening": False, "running": True}
DEATHS = {
    "aborts": ("print('dying', flush=True); os.abort()", OPENING, "the engine ends the process by SIGABRT"),
    "reads what is not its own": ("os.kill(os.getpid(), 11)", FIRST_RUN, "the engine ends the process by SIGSEGV"),
}


@pytest.fixture(autouse=True)
def apart_as_users_have_it(monkeypatch):
    monkeypatch.delenv("EDGEWORD_SELF_TEST")


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    start, found = subprocess.Popen, []

    def counted(*line, **options):
        found.append(start(*line, **options))
        return found[-1]

    monkeypatch.setattr(process.subprocess, "Popen", counted)
    return found


def cached_rows() -> list[dict]:
    folder = Path(os.environ["XDG_CACHE_HOME"]) / "edgeword"
    return [row for path in folder.iterdir() for row in json.loads(path.read_text())]


@pytest.mark.parametrize("death", DEATHS)
def test_an_engine_that_dies_at_the_first_load_is_passed_over_by_name(step_bundle, dying, capfd, death):
    what, when, said = DEATHS[death]
    dying(what, when)
    with pytest.warns(EdgewordWarning, match=rf"model\.float32\.onnx is not used here: onnxruntime .*: {said}$"):
        lm = load(step_bundle)
    assert lm.engine == "litert"
    assert lm.generate("the cell", 3).ids
    with pytest.raises(
        EngineError, match=rf"^no variant can be used here: model\.float32\.onnx: onnxruntime .*: {said}$"
    ):
        load(step_bundle, "onnx", "float32")  # as remembered, for it is not tried again
    assert "dying" not in "".join(capfd.readouterr())


def test_an_engine_that_never_comes_back_is_ended_and_named(step_bundle, dying, monkeypatch):
    ready = apart.Trier._ready

    def hurried(trier):
        process = ready(trier)
        process._wire.end.settimeout(1.0)  # of the trial; to start a Python takes what it takes
        return process

    monkeypatch.setattr(apart.Trier, "_ready", hurried)
    dying("while True: pass", FIRST_RUN)
    for _ in range(2):  # tried, and as remembered
        with pytest.raises(EngineError, match=r"model\.float32\.onnx: onnxruntime .*: the engine took more than 1 s"):
            load(step_bundle, "onnx", "float32")


def test_one_process_tries_all_and_ends_before_the_model_is_there(step_bundle, started):
    load(step_bundle, precision="fastest")
    assert [child.returncode for child in started] == [0]


def test_what_was_tried_starts_no_process(step_bundle, started):
    load(step_bundle)
    del started[:]
    load(step_bundle)
    load(step_bundle, "litert")
    assert started == []


def test_a_warm_start_imports_nothing_that_starts_processes(step_bundle):
    code = "import sys, edgeword; edgeword.load(sys.argv[1], 'onnx'); print('edgeword.choice.apart' in sys.modules)"
    line = [sys.executable, "-c", code, str(step_bundle)]
    found = [subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)]
    assert found == ["True", "False"]


def test_closed_standard_streams_are_no_hindrance(step_bundle):
    """Their numbers are given to what is opened next."""
    code = """
import os, sys
report = os.dup(1)
for number in range(3):
    os.close(number)
import edgeword
from edgeword.choice import apart
apart.try_variant = None
os.write(report, edgeword.load(sys.argv[1], "litert", "float32", isolate=True).generate("the cell", 2).text.encode())
"""
    done = subprocess.run([sys.executable, "-c", code, str(step_bundle)], capture_output=True, check=False)
    assert done.stdout.decode() == load(step_bundle, "litert").generate("the cell", 2).text


def test_modules_in_the_current_folder_are_not_imported(step_bundle, tmp_path, monkeypatch):
    for name in ("json", "numpy", "socket", "edgeword"):
        (tmp_path / f"{name}.py").write_text("import os; os.abort()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", ".")])
    monkeypatch.setattr(apart, "try_variant", None)
    assert load(step_bundle, "litert", "float32").engine == "litert"


def test_a_trial_that_somebody_else_ended_is_made_again(step_bundle, dying, tmp_path):
    (tmp_path / "scarce").touch()
    dying("os.kill(os.getpid(), 9)", {"opening": f"os.path.exists({str(tmp_path / 'scarce')!r})", "running": False})
    with pytest.warns(EdgewordWarning, match="the engine ends the process by SIGKILL"):
        assert load(step_bundle).engine == "litert"
    assert [row["file"] for row in cached_rows()] == ["model.float32.tflite"]
    (tmp_path / "scarce").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(step_bundle, "onnx", "float32").generate("the cell", 3).ids


def test_verify_survives_it(step_bundle, dying, capsys):
    dying("os.abort()", OPENING)
    assert main(["verify", str(step_bundle)]) == 1
    said = capsys.readouterr()
    assert "refused      model.float32.onnx  onnxruntime" in said.out
    assert "SIGABRT" in said.out
    assert said.out.count("\npassed ") == 3
    assert said.err == "edgeword: a variant fails on an engine that it was verified on\n"


def no_process(*_arguments, **_options):
    raise OSError(11, "Resource temporarily unavailable")


NO_CHILD = {
    "an embedded Python": lambda patch: patch.setattr(sys, "executable", ""),
    "no name": lambda patch: patch.setattr(sys, "executable", None),
    "another program": lambda patch: patch.setattr(sys, "executable", "/opt/kiosk/kiosk"),
    "a frozen program": lambda patch: patch.setattr(sys, "frozen", True, raising=False),
    "no room for a process": lambda patch: patch.setattr(process.subprocess, "Popen", no_process),
    "a child that finds no edgeword": lambda patch: patch.setattr(apart, "_SERVED_BY", "edgeword.nowhere"),
    "a child that hangs at its start": lambda patch: (
        patch.setattr(process, "_CHILD", "import time; time.sleep(60)"),
        patch.setattr(process, "LONGEST_SECONDS", 0.3),
    ),
    "the user's wish": lambda patch: patch.setenv("EDGEWORD_SELF_TEST", "here"),
}


@pytest.mark.parametrize("setting", NO_CHILD.values(), ids=NO_CHILD)
def test_where_no_process_can_be_made_it_is_tried_in_this_one(step_bundle, monkeypatch, setting):
    here = []
    tried = apart.try_variant
    monkeypatch.setattr(apart, "try_variant", lambda *given: here.append(given[1][1].file) or tried(*given))
    setting(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("error", EdgewordWarning)
        assert load(step_bundle).precision == "float32"
    assert here == ["model.float32.tflite", "model.float32.onnx"]


@pytest.mark.parametrize(
    ("executable", "is_one"),
    [("/usr/bin/python3.11", True), ("/x/Python", True), ("pypy3", True), ("/usr/sbin/uwsgi", False), ("", False)],
)
def test_what_can_be_asked_is_called_python(executable, is_one):
    assert apart.is_python(executable) is is_one


def _load_and_say(bundle, queue):
    queue.put(load(bundle, "litert", "float32").generate("the cell", 3).ids)


def test_a_daemonic_worker_may_load(step_bundle):
    """Which `multiprocessing` allows no children of its own kind."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    worker = context.Process(target=_load_and_say, args=(step_bundle, queue), daemon=True)
    worker.start()
    assert queue.get(timeout=60) == load(step_bundle, "litert", "float32").generate("the cell", 3).ids
    worker.join()
