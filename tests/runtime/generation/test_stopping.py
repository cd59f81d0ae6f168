"""Stop texts: where they are found, and which words are part of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword.generation.stopping import Ending, StopSearch


def said(words, stops, joiner=" ", min_words=0):
    """The text's words, whether it was stopped, and how many words had to be known for each word of the text."""
    ending = Ending(StopSearch(stops, joiner, min_words))
    text, known = [], []
    for token in range(len(words)):
        gone = ending.take((token, -1.0, words[token]))
        text += gone
        known += [token + 1] * len(gone)
        if ending.stopped:
            break
    text += [] if ending.stopped else ending.rest()
    return [word for _, _, word in text], ending.stopped, known


@pytest.mark.parametrize(
    ("words", "stops", "text"),
    [
        ("the cell reads", ["cell"], "the"),
        ("the cell reads", ["the"], ""),
        ("the cell reads", ["cell reads"], "the"),  # spans words
        ("the cell reads", ["ll re"], "the ce"),  # begins within one and ends within the next
        ("the cell reads", ["e"], "th"),
        ("the cell reads", [" cell"], "the"),
        ("the cell reads", [" "], "the"),
        ("the cell reads", ["reads", "cell"], "the"),  # the first in the text, not in the list
        ("the cell reads", ["ell reads", "cell"], "the"),
        ("the cell reads", ["the."], None),
        ("the cell reads", ["Cell"], None),  # as it is spelled
        ("the cell reads", ["reads "], None),  # no joiner after the last
        ("a a b a a c", ["a a c"], "a a b"),  # what began first was no stop text
        ("aab aac", ["aac"], "aab"),
        ("a aa aaa b", ["aaa b"], "a aa"),
        ("a aa aaaa b", ["aaa b"], "a aa a"),
    ],
)
def test_the_text_ends_where_a_stop_text_begins(words, stops, text):
    found, stopped, _ = said(words.split(), stops)
    assert stopped is (text is not None)
    assert " ".join(found) == (words if text is None else text)


def test_characters_are_joined_by_nothing():
    found, stopped, known = said(list("reads. the"), [". t"], joiner="")
    assert ("".join(found), stopped) == ("reads", True)
    assert known == [1, 2, 3, 4, 5]


def test_words_are_held_back_only_while_a_stop_text_may_have_begun():
    assert said(["the", "cell", "reads", "a", "word"], ["cell reads the"])[2] == [1, 4, 4, 4, 5]
    assert said(["the", "cell", "reads", "a", "word"], ["reads"])[2] == [1, 2]


@pytest.mark.parametrize(("min_words", "text"), [(0, ""), (1, "a b"), (2, "a b"), (3, "a b a b"), (4, "a b a b")])
def test_a_stop_text_counts_after_the_least_number_of_words(min_words, text):
    found, stopped, _ = said(["a", "b", "a", "b", "a"], ["a"], min_words=min_words)
    assert (" ".join(found), stopped) == (text, True)


PIECES = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=12)
STOPS = st.lists(st.text("ab ", min_size=1, max_size=5), min_size=1, max_size=3)


@given(PIECES, STOPS, st.sampled_from(["", " "]), st.integers(0, 5))
def test_the_text_is_what_stands_before_the_first_stop_text(words, stops, joiner, min_words):
    """Told word by word as told at once. A stop text ends a text in the word in which it is whole first."""
    found, stopped, _ = said(words, stops, joiner, min_words)
    begin = len(joiner.join(words[:min_words]))
    expected = None
    for count in range(min_words + 1, len(words) + 1):
        places = [place for stop in stops if (place := joiner.join(words[:count]).find(stop, begin)) >= 0]
        if places:
            expected = joiner.join(words[:count])[: min(places)].removesuffix(" ")
            break
    assert stopped is (expected is not None)
    assert joiner.join(found) == (joiner.join(words) if expected is None else expected)
    assert not stopped or len(found) >= min_words


def test_a_copy_goes_on_from_where_the_first_stood():
    first = StopSearch(["a b"], " ")
    first.read("a")
    second = first.copy()
    assert first.read("c") is None
    assert second.read("b") == 0
