"""What the tests of the choice watch, and what they put in the place of a stopwatch."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import edgeword.choice.apart
from edgeword.choice.trial import Trial
from edgeword.engines.engine import Engine

Timed = Callable[..., list[str]]


@pytest.fixture
def cache() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "edgeword"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engines that opened a file, one entry for each file."""
    names: list[str] = []
    whole = Engine.open

    def counted(engine, content, threads):
        names.append(engine.name)
        return whole(engine, content, threads)

    monkeypatch.setattr(Engine, "open", counted)
    return names


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Timed:
    """Give each variant the time of its file, without asking it; the tried ones are returned."""

    def run(times: dict[str, float], otherwise: float = 50.0) -> list[str]:
        tried: list[str] = []

        def told(bundle, pair, threads):
            engine, variant = pair
            tried.append(variant.file)
            version = engine.open(bundle.read(variant), threads).version
            return Trial(version, variant.file, "", times.get(variant.file, otherwise))

        monkeypatch.setattr(edgeword.choice.apart, "try_variant", told)
        return tried

    return run
