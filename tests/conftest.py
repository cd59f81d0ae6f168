"""Shared by all tests: quiet tensorflow, no network, repeatable hypothesis, caches of their own, the golden bundles."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ["HF_HUB_OFFLINE"] = "1"
# Hundreds of first loads; those in a process of their own: tests/runtime/isolation/test_first_trials.py.
os.environ["EDGEWORD_SELF_TEST"] = "here"

import hypothesis
import pytest

from tests.golden import FOLDER

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test measures, no other remembers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody looks: standard error is a terminal, and the next command is named there."""
    # Of the class: pytest makes a stream for each phase of a test.
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _stream: True)


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the golden bundles, which a test that writes where it should not cannot harm."""
    return Path(shutil.copytree(FOLDER, tmp_path_factory.mktemp("golden") / "golden"))


@pytest.fixture(scope="session")
def step_bundle(golden: Path) -> Path:
    """A bundle in decode mode `step`: a masked LSTM that reads texts of any length. Read it, never write it."""
    return golden / "step"


@pytest.fixture(scope="session")
def replay_bundle(golden: Path) -> Path:
    """A bundle in decode mode `window` on the step graph: a recurrent model that saw unmasked padding."""
    return golden / "replay"


@pytest.fixture(scope="session")
def window_bundle(golden: Path) -> Path:
    """A bundle in decode mode `window` on the window graph: a model that no step graph can be made of."""
    return golden / "window"


@pytest.fixture(scope="session")
def all_precisions_bundle(golden: Path) -> Path:
    """A step bundle with every precision in both formats."""
    return golden / "all_precisions"
