"""A tiny text, and the run that was trained on it once."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeword_train import Run, train
from tests.train import tiny_training


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("text") / "text.txt"
    file.write_text(tiny_training.TEXT, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def run(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Read it, never write it."""
    return train([text], tmp_path_factory.mktemp("runs") / "run", **tiny_training.OPTIONS)
