"""Bundles exported here and now, once; their names are those of the golden ones, which other tests take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import pytest
from keras import layers

from edgeword_export.exporting import export
from tests import tiny

BOTH = ("float32", "dynamic-int8")


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
    return export_tiny(tiny.lstm(length=None), precisions=BOTH)


@pytest.fixture(scope="session")
def replay_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A bundle in decode mode `window` on the step graph: an LSTM that saw unmasked padding."""
    return export_tiny(tiny.lstm(mask_zero=False), decode="window", precisions=BOTH)


@pytest.fixture(scope="session")
def window_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A bundle in decode mode `window` on the window graph: a model that no step graph can be made of."""
    return export_tiny(tiny.convolution(), precisions=BOTH)


@pytest.fixture(scope="session")
def all_precisions_bundle(export_tiny: Callable[..., Path]) -> Path:
    """A step bundle with every precision in both formats; int4 asks for widths that 32 divides."""
    model = tiny.recurrent(layers.LSTM(32), None, embedding=32)
    return export_tiny(model, precisions=["all"], max_perplexity_increase=50)
