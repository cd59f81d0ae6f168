"""What a session costs, where it stands, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import edgeword
from edgeword import Session, Tokenizer, UsageError
from edgeword.decoding.batches.replay_batch import ReplayBatch
from edgeword.decoding.replay import Replay
from edgeword.decoding.step_graphs import StepGraphs
from edgeword.decoding.windowed import WindowGraph
from edgeword.session.trail import KEPT
from tests import tiny
from tests.runtime.changed import replace_file
from tests.runtime.session.standing import MODELS, assert_same, model

TEXT = " ".join(tiny.LINES)


@pytest.fixture(params=MODELS, ids="-".join)
def lm(request: pytest.FixtureRequest) -> edgeword.LanguageModel:
    return model(*request.param)


class Runs:
    """How often an engine ran."""

    count = 0

    def since(self) -> int:
        found, self.count = self.count, 0
        return found


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Runs]:
    """Counts the calls of methods."""

    def counting(*methods: tuple[type, str]) -> Runs:
        runs = Runs()
        for owner, name in methods:
            monkeypatch.setattr(owner, name, _counted(getattr(owner, name), runs))
        return runs

    return counting


def _counted(function: Callable[..., Any], runs: Runs) -> Callable[..., Any]:
    def counted(*arguments: Any) -> Any:
        runs.count += 1
        return function(*arguments)

    return counted


@pytest.fixture
def runs(count: Callable[..., Runs]) -> Runs:
    return count((StepGraphs, "step"), (StepGraphs, "advance"))


def test_a_word_costs_one_run_and_a_letter_none(runs):
    session = model("step", "litert").session("the cell ")
    session.suggest()
    runs.since()
    for letter in "reads":
        session.feed(letter)
        session.suggest()
        assert runs.since() == 0
    session.suggest(5)
    session.feed(",")
    session.suggest()
    assert runs.since() == 1
    session.feed(" \n.")
    session.suggest(deny={"a"})
    assert runs.since() == 0


def test_a_word_costs_one_run_beside_other_sessions(runs):
    lm = model("step", "onnx")
    sessions = [lm.session(line + " ") for line in tiny.LINES[:3]]
    for session in sessions:
        session.suggest()
    runs.since()
    for word in ("the ", "cell ", "zebra "):
        for session in sessions:
            session.feed(word)
            session.suggest()
            assert runs.since() == 1


@pytest.mark.parametrize(
    ("name", "readers"),
    [("replay", [(Replay, "read"), (ReplayBatch, "_answer")]), ("window", [(WindowGraph, "read")])],
)
def test_a_window_is_read_once_a_word(count, name, readers):
    session = model(name, "litert").session(TEXT)
    reads = count(*readers)
    for letter in " the cell":
        session.feed(letter)
        session.suggest()
    assert reads.since() == 2


def test_the_context_is_never_read_again(runs):
    session = model("step", "litert").session(TEXT * 3 + " ")
    assert runs.since() == session.tokens - 1
    session.suggest()
    for taken in range(1, KEPT):
        session.rewind(1)
        session.suggest()
        assert runs.since() <= 2, taken


def test_words_are_taken_back_without_a_run_as_far_as_they_are_kept(runs):
    session = model("step", "litert").session(TEXT + " ")
    assert session.tokens > KEPT + 2
    runs.since()
    session.rewind(KEPT)
    assert runs.since() == 0
    session.rewind(1)
    assert runs.since() == session.tokens - 1
    session.rewind(1)
    assert runs.since() == 0


@pytest.mark.parametrize("count", [1, KEPT - 1, KEPT, KEPT + 1, 70])
def test_words_far_back_are_taken_too(lm, count):
    words = TEXT.split()
    session = lm.session(TEXT)
    session.rewind(count)
    assert_same(session, lm.session(" ".join(words[: len(words) - count]) + " "))
    session.feed("the state")
    session.rewind(session.tokens)
    assert session.tokens == 0
    assert_same(session, lm.session())


def test_a_begun_word_is_what_is_completed(lm):
    session = lm.session("The cell re")
    assert session.begun == "re"
    found = [each.word for each in session.suggest(5)]
    assert found
    assert all(word.startswith("re") for word in found)
    assert session.suggest(5) == lm.suggest("The cell", 5, prefix="re")
    session.rewind(1)
    session.feed("Re")
    assert [each.word for each in session.suggest(5)] == [word.capitalize() for word in found]


@pytest.mark.parametrize("ending", [" ", ".", "\n", ", ", "-", "!?"])
def test_what_is_no_part_of_a_word_finishes_it(lm, ending):
    session = lm.session("the cell reads" + ending)
    assert session.begun == ""
    assert session.suggest(5) == lm.suggest("the cell reads", 5)


def test_a_begun_word_is_a_token_to_take_back(lm):
    session = lm.session("the cell")
    session.feed(" re")
    assert session.tokens == 3
    session.rewind(1)
    assert (session.tokens, session.begun) == (2, "")
    session.feed("re")
    assert session.suggest() == lm.session("the cell re").suggest()
    session.rewind(2)
    assert_same(session, lm.session("the "))


def test_nothing_taken_back_is_nothing_done(lm):
    session = lm.session("the ce")
    session.rewind(0)
    assert session.begun == "ce"


def changed(bundle: Path, **options) -> edgeword.LanguageModel:
    vocabulary = options.pop("vocabulary", tiny.TOKENIZER.vocabulary)
    replace_file(bundle, "tokenizer.json", Tokenizer(vocabulary, **options).to_json().encode())
    return edgeword.load(bundle, "litert", "float32")


def test_an_unknown_word_without_an_id_is_not_read_but_taken_back(bundle):
    vocabulary = [None, *tiny.TOKENIZER.vocabulary[1:]]
    lm = changed(bundle, vocabulary=tuple(vocabulary))
    session = lm.session("the zebra quagga ")
    assert session.tokens == 3
    assert session.suggest() == lm.suggest("the", 3)
    assert session.generate(3).oov_rate == pytest.approx(2 / 3)
    session.rewind(2)
    session.feed("cell ")
    assert_same(session, lm.session("the cell "))
    assert_same(lm.session(lm.session("the zebra cell ").snapshot()), lm.session("the zebra cell "))


def test_characters_are_tokens_and_no_word_is_begun(bundle):
    letters = sorted(set("".join(tiny.LINES)))
    lm = changed(bundle, vocabulary=tuple(letters), level="char")
    session = lm.session("the ce")
    assert (session.tokens, session.begun) == (6, "")
    assert session.suggest(5) == lm.suggest("the ce", 5)
    assert session.suggest(5, "t") == lm.suggest("the ce", 5, "t")
    session.rewind(1)
    session.feed("x")
    assert session.generate(4).ids == lm.generate("the cx", 4).ids


def test_letters_that_vanish_within_a_word_complete_it(bundle):
    lm = changed(bundle, punctuation="strip", filters="!\"'.,", oov_token="<oov>", oov_id=1)
    session = lm.session("the \"re'm")
    assert session.begun == "\"re'm"
    assert [each.word for each in session.suggest()] == [each.word for each in lm.suggest("the", prefix="rem")]
    session.feed("embers ")
    assert session.suggest() == lm.suggest("the remembers")
    session.feed('"')
    assert session.suggest() == lm.suggest("the remembers")
    assert session.tokens == 2


def test_words_that_are_said_and_not_read_do_not_enter(bundle):
    lm = changed(bundle, oov_token="<oov>", oov_id=1, num_words=20)
    for text in ("the cell", "a device runs the model "):
        assert (
            lm.session(text).generate(8, temperature=1.0, seed=2).ids
            == lm.generate(text, 8, temperature=1.0, seed=2).ids
        )


REFUSED = {
    "k none": (lambda s: s.suggest(0), "k is 0"),
    "k as text": (lambda s: s.suggest("3"), "k is '3'"),
    "prefix none": (lambda s: s.suggest(3, None), "the prefix is None"),
    "bytes fed": (lambda s: s.feed(b"the"), "the text is b'the'"),
    "words none": (lambda s: s.generate(0), "max_words is 0"),
    "too much taken back": (lambda s: s.rewind(4), "tokens is 4; give a whole number from 0 to 3"),
    "less than nothing": (lambda s: s.rewind(-1), "tokens is -1"),
    "a fraction taken back": (lambda s: s.rewind(1.0), "tokens is 1.0"),
    "deny as text": (lambda s: s.suggest(deny="the"), "deny is 'the'"),
}


@pytest.mark.parametrize(("ask", "fragment"), REFUSED.values(), ids=REFUSED)
def test_an_argument_out_of_its_range_is_named_and_nothing_lost(ask, fragment):
    lm = model("step", "litert")
    session = lm.session("the cell re")
    with pytest.raises(UsageError) as refusal:
        ask(session)
    assert fragment in str(refusal.value)
    assert_same(session, lm.session("the cell re"))


@pytest.mark.parametrize("context", [None, 3, ["the"]], ids=repr)
def test_what_is_no_context_is_refused(context):
    with pytest.raises(UsageError, match="the context is"):
        model("step", "litert").session(context)


def test_what_fails_while_it_is_read_is_not_read_at_all(monkeypatch):
    lm = model("step", "litert")
    session = lm.session("the cell re")
    advance, left = StepGraphs.advance, [3]

    def failing(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise edgeword.EngineError("out of order")
        return advance(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(StepGraphs, "advance", failing)
        with pytest.raises(edgeword.EngineError):
            session.feed("ads a word and keeps a state")
    assert_same(session, lm.session("the cell re"))
    session.feed("ads a ")
    assert_same(session, lm.session("the cell reads a "))


def test_a_session_says_where_it_is():
    session = model("step", "litert").session("the ce")
    assert repr(session) == "Session(tokens=2, begun='ce')"
    assert isinstance(session, Session)
    assert isinstance(session, edgeword.Session)
