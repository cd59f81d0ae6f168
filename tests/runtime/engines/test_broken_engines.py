"""Engines that are installed and broken, in whatever way: passed over, and named."""

from __future__ import annotations

import importlib
import sys

import pytest

from edgeword import EngineError, MissingEngineError, load
from edgeword.cli.commands import doctor
from edgeword.cli.main import main
from edgeword.engines.engine import ENGINES, Package
from edgeword.engines.probing import ended, import_failure

ERRORS = [
    ImportError("libbroken.so"),
    OSError(5, "Input/output error"),
    KeyError("PATH"),
    SyntaxError("invalid syntax"),
    SystemExit(3),
    RecursionError("maximum recursion depth exceeded"),
    MemoryError(),
    AttributeError("module 'numpy' has no attribute 'float'"),
    TypeError("two\nlines"),
    AssertionError(),
    Exception("unknown"),
]
NAMES = {"litert": "ai_edge_litert.interpreter", "onnx": "onnxruntime"}


def raising(error):
    def fail(*_arguments, **_options):
        raise error

    return fail


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_import_that_raises_anything_is_passed_over(step_bundle, monkeypatch, engine, error):
    def import_broken(name, *arguments):
        return raising(error)() if name == NAMES[engine] else importlib.import_module(name, *arguments)

    monkeypatch.setattr(f"edgeword.engines.{engine}.import_module", import_broken)
    with pytest.raises(MissingEngineError, match=f"{engine} is installed but cannot be imported") as refusal:
        load(step_bundle, engine, "float32")
    assert type(error).__name__ in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    assert load(step_bundle).engine != engine


class Module:
    """A package whose sessions fail."""

    def __init__(self, whole, error):
        self._whole = whole
        self.Interpreter = self.InferenceSession = raising(error)

    def __getattr__(self, name):
        return getattr(self._whole, name)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_session_that_raises_anything_is_passed_over(step_bundle, monkeypatch, engine, error):
    module = Module(importlib.import_module(NAMES[engine]), error)
    monkeypatch.setattr(f"edgeword.engines.{engine}.import_module", lambda _name: module)
    with pytest.raises(EngineError, match=r"no variant can be used here: model\.float32\..* refuses the file: "):
        load(step_bundle, engine, "float32")
    assert load(step_bundle).engine != engine


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_is_no_broken_engine(step_bundle, monkeypatch, engine):
    monkeypatch.setattr(f"edgeword.engines.{engine}.import_module", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        load(step_bundle, engine, "float32")


BROKEN = {
    "no Python": ("def", "SyntaxError: "),
    "that leaves": ("import sys; sys.exit(7)", "SystemExit: 7"),
    "that prints and fails": ("print('hello'); {}['x']", "KeyError: 'x'"),
    "that kills its process": ("import os; os.abort()", "ends the process by SIGABRT"),
    "that ends its process": ("import os; os._exit(7)", "ends the process with 7"),
}


@pytest.mark.parametrize(("code", "said"), BROKEN.values(), ids=BROKEN)
def test_doctor_names_an_engine_that_cannot_be_imported(tmp_path, monkeypatch, capsys, code, said):
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").write_text(code)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(doctor, "missing_from", lambda _extra: ())
    doctor._failure.cache_clear()
    assert main(["doctor"]) == 0
    doctor._failure.cache_clear()
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert f"onnxruntime cannot be imported ({said}" in lines["onnx"]
    assert "ready" not in lines["onnx"]
    assert "litert          ready" in lines["litert"]


def test_who_is_asked_imports_nothing_from_the_current_folder(tmp_path, monkeypatch):
    for name in ("json", "edgeword", "colorsys"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", ".")])
    assert import_failure(Package("colorsys", "colorsys", "colorsys")) is None


def test_a_signal_without_a_name_is_said_by_its_number():
    assert ended(-99) == "ends the process by signal 99"
