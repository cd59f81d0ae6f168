"""What a session says where it stands, and models to begin sessions on."""

from __future__ import annotations

import functools
from typing import Any

import pytest

import edgeword
from edgeword import LanguageModel, Session
from edgeword.engines.engine import ENGINES
from tests import tiny
from tests.golden import FOLDER

BUNDLES = ("step", "replay", "window")
MODELS = [(name, engine) for name in BUNDLES for engine in ENGINES]
ALL = tiny.VOCABULARY


@functools.cache
def model(name: str, engine: str, precision: str = "float32") -> LanguageModel:
    return edgeword.load(FOLDER / name, engine, precision)


def probabilities(session: Session, **options: Any) -> dict[str, float]:
    """Of all words that are suggested."""
    return {each.word: each.probability for each in session.suggest(ALL, **options)}


def assert_same(session: Session, other: Session, tolerance: float = 1e-6) -> None:
    """Both are at the same place of the same text."""
    assert (session.tokens, session.begun) == (other.tokens, other.begun)
    found, expected = session.generate(5), other.generate(5)
    assert (found.ids, found.prompt, found.oov_rate) == (expected.ids, expected.prompt, expected.oov_rate)
    assert found.logprobs == pytest.approx(expected.logprobs, abs=100 * tolerance)
    assert probabilities(session) == pytest.approx(probabilities(other), abs=tolerance)
