"""Bundles to attack, and what a reader of one says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def bundle(step_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the step bundle."""
    return Path(shutil.copytree(step_bundle, tmp_path / "bundle"))
