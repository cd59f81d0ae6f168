"""Bundles loaded by choice: of what, quietly, and beside an engine that is broken."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from edgeword import LanguageModel, MissingEngineError, load
from edgeword.bundle.bundle import Bundle
from edgeword.choice.choosing import candidates
from edgeword.engines.engine import Engine


def files(bundle: Path, precision: str = "auto") -> list[str]:
    """Of all candidates, the most faithful first."""
    return [variant.file for _, variant in candidates(Bundle(bundle), precision=precision)]


def break_engine(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """As an engine whose shared library is missing."""
    whole = Engine.open

    def open_or_fail(engine, content, threads):
        if engine.name == broken:
            raise MissingEngineError(f"{broken} is installed but cannot be imported")
        return whole(engine, content, threads)

    monkeypatch.setattr(Engine, "open", open_or_fail)


def quietly(bundle: Path, **options) -> LanguageModel:
    """Loaded without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load(bundle, **options)
