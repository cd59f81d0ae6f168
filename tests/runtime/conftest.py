"""Bundles to damage, and one with every precision."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import pytest

from tests import tiny


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures of a wider scope than a test load bundles too, and leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def bundle(step_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the step bundle."""
    return Path(shutil.copytree(step_bundle, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def all_precisions_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A step bundle with every precision in both formats; int4 asks for widths that 32 divides."""
    layers = [
        keras.layers.Embedding(tiny.VOCABULARY, 32, mask_zero=True),
        keras.layers.LSTM(32),
        keras.layers.Dense(tiny.VOCABULARY, activation="softmax"),
    ]
    return export_tiny(tiny.model(layers, length=None), precisions=["all"], max_perplexity_increase=50)
