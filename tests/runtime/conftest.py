"""Bundles to read and bundles to damage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import tiny


@pytest.fixture(scope="session")
def step_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A bundle in decode mode `step`: a masked LSTM that forgets within its window, as trained ones do."""
    model = tiny.lstm()
    cell = model.layers[1].cell
    cell.recurrent_kernel.assign(cell.recurrent_kernel * 0.3)
    return export_tiny(model)


@pytest.fixture
def bundle(step_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the step bundle, to be damaged."""
    return Path(shutil.copytree(step_bundle, tmp_path / "bundle"))
