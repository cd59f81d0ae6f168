"""Shared by all tests: quiet tensorflow, repeatable hypothesis, and bundles that are exported once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import hypothesis
import keras
import pytest

from edgeword_export.exporting import export
from tests import tiny

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test measures, no other remembers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def export_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Export a Keras model with the tiny tokenizer; returns the bundle's folder."""

    def run(model: keras.Model, **options: object) -> Path:
        folder = tmp_path_factory.mktemp("tiny")
        model.save(folder / "model.keras")
        (folder / "tokenizer.json").write_text(tiny.TOKENIZER.to_json(), encoding="utf-8")
        settings = {"tokenizer": folder / "tokenizer.json", **options}
        return export(folder / "model.keras", folder / "bundle", **settings).path

    return run


@pytest.fixture(scope="session")
def step_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A bundle in decode mode `step`: a masked LSTM, both formats, both precisions. Read it, never write it."""
    return export_tiny(tiny.lstm(length=None))


@pytest.fixture(scope="session")
def replay_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A bundle in decode mode `window` on the step graph: an LSTM that saw unmasked padding."""
    return export_tiny(tiny.lstm(mask_zero=False), decode="window")


@pytest.fixture(scope="session")
def window_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A bundle in decode mode `window` on the window graph: a model that no step graph can be made of."""
    layers = [
        keras.layers.Embedding(tiny.VOCABULARY, 24),
        keras.layers.Conv1D(32, 3, activation="tanh"),
        keras.layers.GlobalMaxPooling1D(),
        keras.layers.Dense(tiny.VOCABULARY, activation="softmax"),
    ]
    return export_tiny(tiny.model(layers))


@pytest.fixture(scope="session")
def all_precisions_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A step bundle with every precision in both formats; int4 asks for widths that 32 divides."""
    layers = [
        keras.layers.Embedding(tiny.VOCABULARY, 32, mask_zero=True),
        keras.layers.LSTM(32),
        keras.layers.Dense(tiny.VOCABULARY, activation="softmax"),
    ]
    return export_tiny(tiny.model(layers, length=None), precisions=["all"], max_perplexity_increase=50)
