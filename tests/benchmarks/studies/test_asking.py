"""Other ways of asking: words that differ have no time, and a figure is bold where it is not reached."""

from __future__ import annotations

import json
import multiprocessing

import pytest

import edgeword
from studies import write_up
from studies.asking.columns import COLUMNS
from studies.asking.subject import Asked, AskingSubject, prompts
from tests.benchmarks.studies.test_write_up import ENVIRONMENT

WAYS = ["one_by_one", "side_by_side", "greedy", "drawn", "pressed"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("engine", ["litert", "onnx"])
def test_each_way_has_a_time(step_bundle, engine, way):
    subject = AskingSubject(str(step_bundle), engine, "float32", way)
    (us,) = subject.turn(1).words_us
    assert us > 0


def test_two_workers_have_a_time_and_end_with_what_asks_them(step_bundle):
    subject = AskingSubject(str(step_bundle), "litert", "float32", "two_workers")
    (us,) = subject.turn(1).words_us
    assert us > 0
    assert len(multiprocessing.active_children()) == 2
    del subject
    assert multiprocessing.active_children() == []


def test_prompts_are_of_many_lengths_and_always_the_same(step_bundle):
    lm = edgeword.load(step_bundle)
    assert prompts(lm) == prompts(lm)
    assert len({len(prompt.split()) for prompt in prompts(lm)}) > 10


def test_other_words_side_by_side_are_refused(step_bundle, monkeypatch):
    lm = edgeword.load(step_bundle)
    monkeypatch.setattr(lm, "generate_many", lambda texts, *_: [lm.generate(text, 3) for text in texts])
    with pytest.raises(ValueError, match="other words"):
        Asked(lm, prompts(lm)).side_by_side()


def row(value, goal, *, is_at_least):
    common = {"what": "a ratio", "model": "A", "engine": "onnx", "precision": "float32", "unit": ""}
    return {**common, "value": value, "goal": goal, "is_at_least": is_at_least}


def test_what_was_not_reached_is_bold(tmp_path):
    rows = [row(5.0, 4, is_at_least=True), row(3.0, 4, is_at_least=True), row(1.5, 1.25, is_at_least=False)]
    (tmp_path / "asking.json").write_text(json.dumps({"environment": ENVIRONMENT, "rows": rows}))
    page = write_up.page(tmp_path)
    assert "| ≥ 4.00 | 5.00 |" in page
    assert "| ≥ 4.00 | **3.00** |" in page
    assert "| ≤ 1.25 | **1.50** |" in page
    assert len(COLUMNS) == 6
