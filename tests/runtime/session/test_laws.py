"""The laws of sessions, on every kind of bundle and on both engines."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword import LanguageModel
from edgeword.engines.engine import ENGINES
from tests import tiny
from tests.runtime.session.standing import ALL, MODELS, assert_same, model, probabilities

KNOWN = sorted({word for line in tiny.LINES for word in line.split()})
WORD = st.one_of(
    st.sampled_from(KNOWN),
    st.sampled_from(KNOWN).map(str.capitalize),
    st.sampled_from(["zebra", "re", "CE", "t", "don't", "<oov>", "é"]),
)
SPACE = st.sampled_from([" ", " ", " ", "  ", ", ", ".\n", "-", "\t"])
PIECES = st.lists(st.one_of(WORD, st.tuples(WORD, SPACE).map("".join), SPACE), max_size=12)
TEXT = PIECES.map("".join)
ASKED = st.lists(st.booleans(), min_size=12, max_size=12)
OPTIONS = st.sampled_from(
    [
        {},
        {"temperature": 0.9, "seed": 3},
        {"temperature": 0.7, "top_k": 5, "seed": 8},
        {"beams": 3},
        {"repetition_penalty": 1.5},
        {"no_repeat_ngram": 2},
        {"deny": {"the cell", "a", "of the"}},
        {"stop": ["state"], "max_words": 9},
    ]
)
on_all_models = pytest.mark.parametrize(("name", "engine"), MODELS)
few = settings(max_examples=25)


@on_all_models
@few
@given(pieces=PIECES, asked=ASKED)
def test_fed_letter_by_letter_is_fed_at_once(name, engine, pieces, asked):
    lm = model(name, engine)
    session, letters = lm.session(), lm.session()
    for piece, ask in zip(pieces, asked, strict=False):
        session.feed(piece)
        for letter in piece:
            letters.feed(letter)
            if ask:
                letters.suggest()
    assert_same(session, lm.session("".join(pieces)))
    assert_same(letters, session)


@on_all_models
@few
@given(before=TEXT, taken=TEXT, after=TEXT)
def test_rewound_and_fed_is_never_rewound(name, engine, before, taken, after):
    lm = model(name, engine)
    session, straight = lm.session(before + " "), lm.session(before + " ")
    tokens = session.tokens
    session.feed(taken)
    session.rewind(session.tokens - tokens)
    assert_same(session, straight)
    session.feed(after)
    straight.feed(after)
    assert_same(session, straight)


@on_all_models
@few
@given(before=TEXT, after=TEXT, count=st.integers(0, 3))
def test_a_snapshot_goes_on_in_another_engine(name, engine, before, after, count):
    (other,) = ENGINES.keys() - {engine}
    blob = model(name, engine).session(before).snapshot()
    session, expected = model(name, other).session(blob), model(name, other).session(before)
    for _ in range(2):
        assert_same(session, expected, 1e-5)
        count = min(count, session.tokens)
        for each in (session, expected):
            each.rewind(count)
            each.feed(after)


@on_all_models
@few
@given(context=TEXT, prefix=st.sampled_from(["", "t", "re", "Th", "M", "x"]), k=st.integers(1, ALL))
def test_suggestions_are_those_of_the_model(name, engine, context, prefix, k):
    lm = model(name, engine)
    assert [each.word for each in lm.session(context).suggest(k, prefix or "s")] == [
        each.word for each in lm.suggest(context, k, prefix or "s")
    ]
    finished = lm.session(context + " ")
    expected = {each.word: each.probability for each in lm.suggest(context, ALL, prefix)}
    assert probabilities(finished, prefix=prefix) == pytest.approx(expected, abs=1e-6)
    finished.feed(prefix)
    assert probabilities(finished) == pytest.approx(expected, abs=1e-6)


@on_all_models
@few
@given(text=TEXT, options=OPTIONS)
def test_words_are_those_of_the_model_and_the_session_stays(name, engine, text, options):
    lm = model(name, engine)
    session = lm.session(text)
    expected = lm.generate(text, **{"max_words": 6, **options})
    found = session.generate(**{"max_words": 6, **options})
    for field in ("words", "ids", "text", "finish_reason", "oov_rate"):
        assert getattr(found, field) == getattr(expected, field)
    assert found.logprobs == pytest.approx(expected.logprobs, abs=1e-5)
    assert_same(session, lm.session(text))


@given(texts=st.lists(TEXT, min_size=2, max_size=3), turns=st.lists(st.integers(0, 2), max_size=60))
@settings(max_examples=25)
@on_all_models
def test_sessions_side_by_side_do_not_disturb_each_other(name, engine, texts, turns):
    lm = model(name, engine)
    sessions, fed = [lm.session() for _ in texts], [0 for _ in texts]
    for turn in turns:
        which = turn % len(texts)
        sessions[which].feed(texts[which][fed[which] : fed[which] + 3])
        fed[which] += 3
        sessions[which].suggest()
    for session, text, end in zip(sessions, texts, fed, strict=True):
        assert_same(session, lm.session(text[:end]))


def test_a_generation_fits_together():
    lm: LanguageModel = model("step", "litert")
    session = lm.session("The cell, zebra! re")
    generation = session.generate(4)
    assert generation.prompt == "the cell <oov> <oov>"
    assert generation.oov_rate == 0.5
    assert generation.timings.load_ms == lm.load_ms
    assert dataclasses.replace(generation, timings=None, prompt="") == dataclasses.replace(
        lm.generate("The cell, zebra! re", 4), timings=None, prompt=""
    )
