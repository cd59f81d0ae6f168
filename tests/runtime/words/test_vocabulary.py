"""Words under control: what may be said, and the words that begin with given letters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword.errors import UsageError
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword.words.vocabulary import Vocabulary
from tests.runtime.generation.markov import SIZE, TOKENIZER, UNSAID, VOCABULARY, WORDS

ALL = set(range(SIZE)) - UNSAID


def ids(permitted):
    return set(permitted.ids.tolist())


def of(*words):
    return {TOKENIZER.id(word) for word in words}


def test_padding_and_the_unknown_word_are_denied_by_default():
    assert ids(VOCABULARY.permitted()) == ALL


def test_ids_without_a_word_are_denied():
    gaps = Vocabulary(Tokenizer(("a", None, "b")), 7)
    assert ids(gaps.permitted()) == {1, 3}
    assert list(gaps.words) == ["", "a", "", "b", "", "", ""]


def test_a_model_smaller_than_its_tokenizer_has_the_words_that_fit():
    small = Vocabulary(Tokenizer(("a", "b", "c", "<oov>"), oov_token="<oov>", oov_id=4), 3)
    assert ids(small.permitted(deny=frozenset({"c", "b"}))) == {1}
    assert small.beginning_with("c").tolist() == []


@pytest.mark.parametrize(
    ("allow", "deny", "left"),
    [
        (None, {"the", "me"}, ALL - of("the", "me")),
        (None, {"THE", " Me. "}, ALL - of("the", "me")),  # as the tokenizer reads them
        (None, {"zebra", "!"}, ALL),  # what the model cannot say
        ({"the", "Cell", "zebra"}, (), of("the", "cell")),
        ({"the", "cell"}, {"cell"}, of("the")),
        ({"the", "<oov>"}, (), of("the", "<oov>")),  # named, the unknown word may be said
    ],
)
def test_allowed_and_denied_words(allow, deny, left):
    permitted = VOCABULARY.permitted(None if allow is None else frozenset(allow), frozenset(deny))
    assert ids(permitted) == left
    assert {token for token in range(SIZE) if permitted.table[token]} == left
    for logits in (np.zeros(SIZE, np.float32), np.zeros((2, SIZE), np.float32)):
        assert set(np.argwhere(permitted.take_away(logits) == 0)[:, -1].tolist()) == left
        assert set(logits.flat) <= {0, -np.inf}


def test_many_denied_words_are_taken_away():
    vocabulary = Vocabulary(Tokenizer(tuple(f"w{i}" for i in range(500))), 501)
    logits = vocabulary.permitted(deny=frozenset(f"w{i}" for i in range(400))).take_away(np.ones((2, 501), np.float32))
    assert np.isneginf(logits[:, :401]).all()
    assert (logits[:, 401:] == 1).all()


@pytest.mark.parametrize("rules", [(frozenset(), frozenset()), (frozenset({"zebra"}), frozenset()), (None, set(WORDS))])
def test_nothing_left_to_say_is_refused(rules):
    with pytest.raises(UsageError, match="leave no word of the vocabulary"):
        VOCABULARY.permitted(rules[0], frozenset(rules[1]))


def test_an_allowed_entry_of_several_words_is_refused():
    with pytest.raises(UsageError, match="'the cell', which is 2 words"):
        VOCABULARY.permitted(frozenset({"the cell"}))


def test_a_denied_entry_of_several_words_is_denied_in_a_row():
    the, cell, reads = (TOKENIZER.id(word) for word in ("the", "cell", "reads"))
    permitted = VOCABULARY.permitted(deny=frozenset({"the cell", "Cell-reads the", "the zebra"}))
    assert ids(permitted) == ALL
    assert permitted.completing([the]) == [cell]
    assert permitted.completing([the, cell, reads]) == [the]
    assert permitted.completing(np.array([cell, reads])) == [the]
    assert permitted.completing([reads]) == permitted.completing([]) == permitted.completing([the, reads]) == []


def test_the_last_rules_are_remembered():
    rules = frozenset({"the", "cell"}), frozenset({"me"})
    first = VOCABULARY.permitted(*rules)
    assert VOCABULARY.permitted(*rules) is first
    assert VOCABULARY.permitted() is not first


LETTERS = st.text("abB", max_size=4)


@given(st.lists(LETTERS.filter(bool), min_size=1, max_size=30, unique=True), LETTERS)
def test_the_words_that_begin_with_letters(words, prefix):
    vocabulary = Vocabulary(Tokenizer(tuple(words), lower=False), len(words) + 1)
    expected = [i for i, word in enumerate(words, start=1) if word.startswith(prefix)]
    assert vocabulary.beginning_with(prefix).tolist() == expected


def test_letters_at_the_end_of_unicode():
    vocabulary = Vocabulary(Tokenizer(("a\U0010ffffz", "a\U0010ffff", "b")), 4)
    assert vocabulary.beginning_with("a\U0010ffff").tolist() == [1, 2]


@pytest.mark.parametrize(
    ("options", "typed", "spelled"),
    [
        ({}, "Me", "me"),
        ({}, "ÉT", "ét"),
        ({"punctuation": "strip"}, "ÉT", "Ét"),  # TextVectorization lowers A to Z alone
        ({"lower": False}, "Me", "Me"),
        ({}, "Me.", "Me."),  # the word has ended: no word begins so
        ({}, " me", " me"),
        ({}, "", ""),
    ],
)
def test_letters_are_lowered_as_the_tokenizer_lowers(options, typed, spelled):
    assert Vocabulary(Tokenizer(WORDS, **options), SIZE).spelled(typed) == spelled
