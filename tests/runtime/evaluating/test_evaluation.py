"""The figures on a text are those that a person finds who asks for suggestions by hand."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeword
from edgeword.cli.main import main
from edgeword.evaluating.keystrokes import SHOWN
from edgeword.tokenizers.markers import markers_in_training

LINES = ["the cell reads a word and keeps the state", "zebra the model says what zebra reads", "again", ""]
KNOWN = ["the", "cell", "reads", "a", "word", "state", "remembers", "zebra"]


@pytest.fixture(scope="module")
def lm(step_bundle):
    return edgeword.load(step_bundle, engine="litert", precision="float32")


def typed(lm, context: str, word: str) -> int:
    """Key presses of somebody who looks at the suggestions before each of them."""
    for letters in range(len(word)):
        if word in [found.word for found in lm.suggest(context, SHOWN, word[:letters])]:
            return min(letters + 1, len(word) + 1)
    return len(word) + 1


def by_hand(lm, lines: list[str]) -> dict[str, float]:
    places = [
        (" ".join(words[:place]), words[place]) for words in map(str.split, lines) for place in range(1, len(words))
    ]
    shown = [[found.word for found in lm.suggest(context, SHOWN)] for context, _ in places]
    plain = sum(len(word) + 1 for _, word in places)
    return {
        "words": len(places),
        "oov_rate": sum(word == "zebra" for _, word in places) / len(places),
        "top1": sum(words[0] == word for words, (_, word) in zip(shown, places, strict=True)) / len(places),
        "top3": sum(word in words for words, (_, word) in zip(shown, places, strict=True)) / len(places),
        "keystroke_savings": 1 - sum(typed(lm, *place) for place in places) / plain,
    }


@settings(max_examples=20)
@given(st.lists(st.lists(st.sampled_from(KNOWN), min_size=2, max_size=6).map(" ".join), min_size=1, max_size=3))
def test_suggestions_are_taken_as_soon_as_they_are_shown(lm, lines):
    found = lm.evaluate(lines)
    assert {name: getattr(found, name) for name in by_hand(lm, lines)} == pytest.approx(by_hand(lm, lines))


def test_perplexity_is_that_of_the_scored_line(lm):
    assert lm.evaluate(LINES[:1]).perplexity == pytest.approx(lm.score(LINES[0]).perplexity)


def test_nothing_to_measure_is_no_figure(lm):
    found = lm.evaluate(["again", ""])
    assert found.words == 0
    assert all(math.isnan(value) for value in (found.perplexity, found.top1, found.top3, found.keystroke_savings))


def test_the_command_measures_every_variant(step_bundle, tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text("\n".join(LINES), "utf-8")
    assert main(["evaluate", str(step_bundle), str(text), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["results"]
    assert {(row["engine"], row["precision"]) for row in rows} >= {("litert", "float32"), ("onnx", "dynamic-int8")}
    lm = edgeword.load(step_bundle, engine="onnx", precision="dynamic-int8")
    (row,) = (row for row in rows if (row["engine"], row["precision"]) == ("onnx", "dynamic-int8"))
    assert row["perplexity"] == pytest.approx(lm.evaluate(LINES).perplexity)
    assert main(["evaluate", str(step_bundle), str(text), "--lines", "1", "--precision", "float32"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "8 words, 0.0% of them not in the vocabulary"
    assert [line.split()[:2] for line in lines[2:]] == [["litert", "float32"], ["onnx", "float32"]]


BAD = {
    "a text that is not there": (None, "cannot read"),
    "no UTF-8": (b"\xff\xfe", "is not UTF-8"),
    "no text": (b"\n \n", "holds text"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_a_text_that_cannot_be_used_is_one_line(step_bundle, tmp_path, capsys, content, message):
    text = tmp_path / "text.txt"
    if content is not None:
        text.write_bytes(content)
    assert main(["evaluate", str(step_bundle), str(text)]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert len(errors.splitlines()) == 1


MARKED = ["= The cell =", "the cell <unk> a word", "<unk> state and the [UNK] reads"]
# The same with a word that the vocabulary lacks in the place of each marker.
STRANGE = ["the cell zebra a word", "zebra state and the zebra reads"]


def test_an_unknown_word_of_the_text_is_context_and_no_target(lm):
    with pytest.warns(
        edgeword.EdgewordWarning, match=r"markers: 3 unknown words.*1 headings.*--markers keep"
    ) as caught:
        found = lm.evaluate(MARKED)
    assert len(caught) == 1
    beside = lm.evaluate(STRANGE)
    assert found.perplexity == beside.perplexity
    assert (found.words, found.oov_rate, beside.words) == (7, 0, 9)
    assert found.top1 * found.words == pytest.approx(beside.top1 * beside.words)
    assert found.keystroke_savings > beside.keystroke_savings


def test_markers_may_be_text(lm):
    with pytest.warns(edgeword.EdgewordWarning, match="kept"):
        found = lm.evaluate(MARKED, markers="keep")
    assert (found.words, found.oov_rate) == (10, 0.2)
    with pytest.raises(edgeword.UsageError, match="drop, keep"):
        lm.evaluate(MARKED, markers="none")


def test_the_command_says_once_what_it_found(step_bundle, tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text("\n".join(MARKED), "utf-8")
    for options, count in ([], 7), (["--markers", "keep"], 10):
        assert main(["evaluate", str(step_bundle), str(text), *options]) == 0
        printed = capsys.readouterr()
        assert printed.out.startswith(f"{count} words")
        assert len(printed.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("facts", "markers"),
    [({"options": {"markers": "keep"}}, "keep"), ({"model": "x.h5"}, "drop"), ({"options": 3}, "drop")],
)
def test_markers_are_read_as_in_the_training(facts, markers):
    assert markers_in_training(facts) == markers
