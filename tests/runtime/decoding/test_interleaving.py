"""Decoders that share graphs never disturb each other, whatever is asked of them in whatever order."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword.bundle.bundle import Bundle
from edgeword.decoding.decoder import Decoder, Snapshot
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import ENGINES, LoadedVariant
from tests import tiny
from tests.golden import FOLDER
from tests.runtime.opened import open_variant

MOST_DECODERS = 4
TOKEN = st.integers(0, tiny.VOCABULARY - 1) | st.just(0)
CALL = st.one_of(
    st.tuples(st.just("begin"), st.lists(TOKEN, max_size=tiny.WINDOW + 3)),
    st.tuples(st.just("advance"), TOKEN),
    st.tuples(st.just("advance"), TOKEN),
    st.tuples(st.sampled_from(["logits", "greedy", "snapshot"]), st.none()),
    st.tuples(st.just("restore"), st.integers(0, 20)),
    st.tuples(st.just("refused"), st.sampled_from([-1, tiny.VOCABULARY])),
)
# Each call with the number of the decoder that it goes to.
CALLS = st.lists(st.tuples(st.integers(0, MOST_DECODERS - 1), CALL), min_size=2, max_size=40)


@dataclass
class World:
    """Some decoders, and the snapshots that were taken of them."""

    decoders: list[Decoder]
    snapshots: list[Snapshot] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    """What each of them held when it was taken."""

    def call(self, number: int, name: str, argument: Any) -> Any:
        """Ask one decoder; returns what it answers, comparable bit for bit."""
        return getattr(self, f"_{name}")(self.decoders[number % len(self.decoders)], argument)

    def _begin(self, decoder: Decoder, ids: list[int]) -> None:
        decoder.begin(ids)

    def _advance(self, decoder: Decoder, token: int) -> None:
        decoder.advance(token)

    def _logits(self, decoder: Decoder, _: None) -> bytes:
        return decoder.logits().tobytes()

    def _greedy(self, decoder: Decoder, _: None) -> tuple[int, float]:
        return decoder.greedy()

    def _snapshot(self, decoder: Decoder, _: None) -> Any:
        self.snapshots.append(decoder.snapshot())
        self.taken.append(held_by(self.snapshots[-1]))
        return self.taken[-1]

    def _restore(self, decoder: Decoder, number: int) -> None:
        """Of any decoder's."""
        if self.snapshots:
            decoder.restore(self.snapshots[number % len(self.snapshots)])

    def _refused(self, decoder: Decoder, token: int) -> None:
        with pytest.raises(ValueError, match="is no id"):
            decoder.begin([1, token])


def held_by(snapshot: Snapshot) -> tuple[tuple[int, ...], list[bytes]]:
    return snapshot.ids, [array.tobytes() for array in snapshot.state]


@functools.cache
def spec_of(path: Path) -> Any:
    return Bundle(path).spec


@functools.cache
def loaded(path: Path, engine: str, precision: str, number: int) -> LoadedVariant:
    """One for each `number`: opened once, for sessions of ONNX Runtime are slow to open."""
    return open_variant(path, engine, precision)


@pytest.mark.parametrize("precision", ["float32", "dynamic-int8"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["step", "replay", "window"])
@settings(max_examples=100)
@given(count=st.integers(2, MOST_DECODERS), calls=CALLS)
def test_each_decoder_answers_as_if_it_were_alone(name, engine, precision, count, calls):
    """Bit for bit what decoders answer that each have a loaded variant to themselves."""
    path = FOLDER / name
    make = decoder_factory(loaded(path, engine, precision, 0), spec_of(path))
    together = World([make() for _ in range(count)])
    alone = World([decoder_factory(loaded(path, engine, precision, 1 + i), spec_of(path))() for i in range(count)])
    for number, (call, argument) in calls:
        assert together.call(number, call, argument) == alone.call(number, call, argument)
    for number in range(count):
        for call in ("snapshot", "greedy", "logits", "snapshot"):
            assert together.call(number, call, None) == alone.call(number, call, None)
    assert [held_by(snapshot) for snapshot in together.snapshots] == together.taken == alone.taken
