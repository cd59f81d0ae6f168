"""Bundles that read and say text as people write it: sentences, suggestions, sessions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword.engines.engine import ENGINES
from tests import tiny
from tests.runtime.session.standing import assert_same, probabilities
from tests.runtime.text_bundle import model
from tests.runtime.tokenizers.texts import texts

few = settings(max_examples=20)
OPTIONS = st.sampled_from([{}, {"temperature": 1.5, "seed": 3}, {"beams": 3}, {"stop": ["."]}, {"deny": {"\n", "the"}}])


@pytest.mark.parametrize("engine", ENGINES)
@few
@given(prompt=texts, options=OPTIONS)
def test_prompt_and_text_are_one_text(engine, prompt, options):
    lm = model(engine=engine)
    generation = lm.generate(prompt, 12, **options)
    whole = lm.tokenizer.encode(prompt)
    assert "".join(generation.words) == generation.text == "".join(lm.stream(prompt, 12, **options))
    if generation.finish_reason != "stop" and not prompt[-1:].isspace():
        assert lm.tokenizer.decode([*whole, *generation.ids]) == lm.tokenizer.decode(whole) + generation.text


def test_a_prompt_that_ends_in_white_space_is_gone_on_with_at_once():
    lm = model()
    texts = [lm.generate(prompt, allow={"lstm", "cell"}, min_words=3).text for prompt in ("the cell", "the cell \t")]
    assert texts[0].startswith((" LSTM", " cell"))
    assert texts[1] == texts[0][1:]


@few
@given(text=texts, parts=st.lists(st.integers(0, 30), max_size=4))
def test_a_session_in_pieces_is_the_session_at_once(text, parts):
    lm = model()
    session, places = lm.session(), sorted(parts)
    for start, end in zip([0, *places], [*places, len(text)], strict=True):
        session.feed(text[start:end])
    assert_same(session, lm.session(text))
    assert session.tokens == len(lm.tokenizer.tokens(text))


@few
@given(before=texts, taken=texts)
def test_what_is_taken_back_was_never_said(before, taken):
    lm = model()
    session, straight = lm.session(before + " "), lm.session(before + " ")
    tokens = session.tokens
    session.feed(taken)
    session.rewind(session.tokens - tokens)
    assert_same(session, straight)
    assert_same(lm.session(session.snapshot()), straight)


def test_some_of_a_begun_word_is_taken_back():
    session = model().session("the cell.")
    assert (session.tokens, session.begun) == (3, "cell.")
    session.rewind(1)
    assert_same(session, model().session("the cell "))


@few
@given(text=texts)
def test_a_session_says_what_the_model_says(text):
    lm = model()
    session, generation = lm.session(text), lm.generate(text, 6)
    assert session.generate(6).ids == generation.ids
    assert session.generate(6).oov_rate == generation.oov_rate
    assert probabilities(lm.session(text + "\n")) == pytest.approx(
        {each.word: each.probability for each in lm.suggest(text + "\n", tiny.VOCABULARY)}, abs=1e-6
    )


def test_suggestions_are_written_as_they_would_stand_there():
    lm = model()
    words = {each.word for each in lm.suggest("the cell", tiny.VOCABULARY)}
    assert {"Paris", "LSTM", "I", "the", ","} <= words
    assert not {"", "\n", "<unk>", "paris"} & words
    assert {"The", "Cell", "LSTM"} <= {each.word for each in lm.suggest("", tiny.VOCABULARY)}
    assert [each.word for each in lm.suggest("the", 1, "pa")] == ["Paris"]
    assert [each.word for each in lm.suggest("the", 1, "PA")] == ["PARIS"]
    assert [each.word for each in lm.session("It isn'").suggest()] == ["isn't"]


def test_after_a_full_stop_a_word_is_suggested_though_the_dot_may_be_part_of_one():
    lm = model()
    expected = [each.word for each in lm.suggest("the cell. ")]
    assert [each.word for each in lm.session("the cell.").suggest()] == expected
    assert expected[0][0].isupper() or not expected[0].isalpha()


def test_words_are_allowed_and_denied_in_any_spelling():
    lm = model()
    said = lm.generate("the", 30, allow={"PARIS", "lstm", "."}, deny={"\n"}).ids
    assert {lm.tokenizer.word(token) for token in said} <= {"Paris", "LSTM", "."}
    assert lm.score("The cell reads.").oov_rate == 0
    assert lm.score("The zebra reads.").oov_rate == 0.25
    assert len(lm.score("The cell reads.").logprobs) == 4


@pytest.mark.parametrize("options", [{}, {"temperature": 1.2, "seed": 5}, {"stop": ["word"]}])
def test_side_by_side_texts_end_as_they_do_alone(options):
    lm = model()
    prompts = ["", "the cell", "the cell ", 'He said "', "Paris.", "zebra\n"]
    many = list(lm.generate_many(prompts, 15, batch=2, **options))
    for found, prompt in zip(many, prompts, strict=True):
        alone = lm.generate(prompt, 15, **options)
        assert (found.text, found.ids, found.finish_reason) == (alone.text, alone.ids, alone.finish_reason)
