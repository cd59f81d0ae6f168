"""Engines that die in other processes than this one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeword.isolation import process

FAKE = """
import os, sys, time
sys.path.remove(os.path.dirname(os.path.dirname(__file__)))
del sys.modules["onnxruntime"]
import onnxruntime

class InferenceSession(onnxruntime.InferenceSession):
    def __init__(self, *arguments, **options):
        if {opening}:
            {what}
        super().__init__(*arguments, **options)

    def run(self, *arguments):
        if {running}:
            {what}
        return super().run(*arguments)

onnxruntime.InferenceSession = InferenceSession
"""


@pytest.fixture
def dying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put an onnxruntime before the real one, in processes that are started from now on."""

    def put(what: str, when: dict[str, object]) -> None:
        (tmp_path / "fake" / "onnxruntime").mkdir(parents=True)
        (tmp_path / "fake" / "onnxruntime" / "__init__.py").write_text(FAKE.format(what=what, **when))
        importlib.import_module("onnxruntime")  # this process has the real one
        monkeypatch.syspath_prepend(str(tmp_path / "fake"))
        monkeypatch.setattr(process, "LONGEST_SECONDS", 2.0 if "sleep" in what else 60.0)

    return put
