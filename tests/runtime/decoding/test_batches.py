"""Batches: each row is a decoder of its own, whatever is asked of the others, and of it, in whatever order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from edgeword import UsageError
from edgeword.bundle.bundle import Bundle
from edgeword.decoding.batches.batch import Row
from edgeword.decoding.factory import Decoders
from edgeword.decoding.replay import ReplayDecoder
from edgeword.decoding.windowed import WindowDecoder
from edgeword.engines.engine import ENGINES
from tests import tiny
from tests.runtime.opened import open_variant

ROWS = 3
TEXTS = st.lists(st.integers(0, tiny.VOCABULARY - 1), max_size=2 * tiny.WINDOW)
ROW = st.integers(0, ROWS - 1)


def same(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-5)


class Batches(RuleBasedStateMachine):
    """Two batches on the same graphs, each row beside a decoder of its own."""

    decoders: Decoders

    @initialize()
    def begin(self):
        self.batches = [self.decoders.batch(ROWS) for _ in range(2)]
        self.alone = [[self.decoders.decoder() for _ in range(ROWS)] for _ in range(2)]

    @rule(batch=st.integers(0, 1), row=ROW, ids=TEXTS)
    def begin_a_row(self, batch, row, ids):
        self.batches[batch].begin(row, ids)
        self.alone[batch][row].begin(ids)

    @rule(batch=st.integers(0, 1), row=ROW, ids=TEXTS)
    def advance(self, batch, row, ids):
        for token in ids[:5]:
            self.batches[batch].advance(row, token)
            self.alone[batch][row].advance(token)

    @rule(batch=st.integers(0, 1), row=ROW)
    def ask_a_row(self, batch, row):
        token, logprob = self.batches[batch].greedy(row)
        same(self.batches[batch].row_logits(row), self.alone[batch][row].logits())
        same(logprob, self.alone[batch][row].greedy()[1])
        assert token == self.alone[batch][row].greedy()[0]

    @rule(batch=st.integers(0, 1))
    def ask_all(self, batch):
        same(self.batches[batch].logits(), [decoder.logits() for decoder in self.alone[batch]])

    @rule(batch=st.integers(0, 1), row=ROW, other=ROW)
    def go_on_elsewhere(self, batch, row, other):
        """A snapshot of a row goes on in another batch's row, and in a single decoder."""
        snapshot = self.batches[batch].snapshot(row)
        self.batches[1 - batch].restore(other, snapshot)
        self.alone[1 - batch][other].restore(snapshot)

    @rule(batch=st.integers(0, 1))
    def run(self, batch):
        self.batches[batch].run()


@pytest.mark.parametrize(
    ("engine", "name", "precision"),
    [
        *((engine, name, "float32") for engine in ENGINES for name in ("step", "replay", "window")),
        *((engine, "step", "dynamic-int8") for engine in ENGINES),
    ],
)
def test_a_row_is_what_a_decoder_of_its_own_is(request, name, engine, precision):
    path: Path = request.getfixturevalue(f"{name}_bundle")
    made = Decoders(open_variant(path, engine, precision), Bundle(path).spec)
    machine = type("Machine", (Batches,), {"decoders": made})
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=15, deadline=None))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("precision", ["float32", "dynamic-int8"])
def test_windows_in_flight_say_what_replay_says(replay_bundle, engine, precision):
    spec = Bundle(replay_bundle).spec
    decoders = Decoders(open_variant(replay_bundle, engine, precision), spec)
    for ids in tiny.CONTEXTS.values():
        flying, replayed = decoders.decoder(), WindowDecoder(decoders._reader, spec)
        assert isinstance(flying, ReplayDecoder)
        for decoder in (flying, replayed):
            decoder.begin(ids)
        for _ in range(2 * tiny.WINDOW):
            same(flying.logits(), replayed.logits())
            token = replayed.greedy()[0]
            assert flying.greedy()[0] == token
            for decoder in (flying, replayed):
                decoder.advance(token)


@pytest.mark.parametrize("rows", [2, 7, 33, 70])
def test_any_number_of_rows(step_bundle, rows):
    decoders = Decoders(open_variant(step_bundle), Bundle(step_bundle).spec)
    batch, decoder = decoders.batch(rows), decoders.decoder()
    texts = [tiny.LONG[: number % 5] for number in range(rows)]
    for row, ids in enumerate(texts):
        batch.begin(row, ids)
    for found, ids in zip(batch.logits(), texts, strict=True):
        decoder.begin(ids)
        same(found, decoder.logits())


@pytest.mark.parametrize("name", ["step", "replay", "window"])
def test_what_is_no_id_is_refused_and_changes_nothing(request, name):
    path: Path = request.getfixturevalue(f"{name}_bundle")
    row = Row(Decoders(open_variant(path), Bundle(path).spec).batch(2), 1)
    row.begin(tiny.SHORT)
    expected = row.logits()
    for wrong in (-1, tiny.VOCABULARY, True, 1.0):
        with pytest.raises(UsageError, match="no id"):
            row.advance(wrong)
        with pytest.raises(UsageError, match="no id"):
            row.begin([1, wrong])
    same(row.logits(), expected)


@pytest.mark.parametrize("name", ["step", "replay", "window"])
def test_a_snapshot_of_another_model_is_refused(request, name, all_precisions_bundle):
    path: Path = request.getfixturevalue(f"{name}_bundle")
    batch = Decoders(open_variant(path), Bundle(path).spec).batch(2)
    other = Decoders(open_variant(all_precisions_bundle), Bundle(all_precisions_bundle).spec).batch(2)
    with pytest.raises(UsageError, match="another model"):
        batch.restore(0, other.snapshot(0))


@pytest.mark.parametrize(
    ("file", "has_rows"),
    [
        ("model.float32.tflite", True),
        ("model.dynamic-int8.tflite", True),
        ("model.static-int8.tflite", False),
        ("model.int16x8.tflite", False),
        ("model.float32.onnx", True),
        ("model.int4.onnx", True),
        ("model.dynamic-int8.onnx", True),
    ],
)
def test_which_files_have_rows(all_precisions_bundle, file, has_rows):
    _, precision, file_format = file.split(".")
    engine = {"tflite": "litert", "onnx": "onnx"}[file_format]
    loaded = open_variant(all_precisions_bundle, engine, precision)
    assert (Decoders(loaded, Bundle(all_precisions_bundle).spec).batch(4) is not None) == has_rows
