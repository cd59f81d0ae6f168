"""Suggestions from logits: the most probable words that may be said, and capitals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword.generation.suggesting import completed, suggestions
from tests.runtime.generation.markov import SIZE, TOKENIZER, VOCABULARY, Markov, logprobs

LOGITS, GREEDY = Markov(4).logits(), Markov(4).greedy()


def words(*arguments, **keywords):
    return [word for _, _, word in suggestions(*arguments, **keywords)]


@given(
    st.integers(1, 20),
    st.sampled_from(["", "m", "Me", "me", "memory", "x"]),
    st.sets(st.sampled_from(VOCABULARY.words[2:]), max_size=5),
)
def test_the_most_probable_words_that_fit(k, prefix, deny):
    permitted = VOCABULARY.permitted(deny=frozenset(deny))
    chance = logprobs(LOGITS)
    fitting = [token for token in range(2, SIZE) if VOCABULARY.words[token].startswith(prefix.lower())]
    ranked = sorted((token for token in fitting if VOCABULARY.words[token] not in deny), key=lambda i: -chance[i])
    found = suggestions(LOGITS, GREEDY, k, VOCABULARY, permitted, prefix=prefix)
    assert [token for token, _, _ in found] == ranked[:k]
    assert [word for _, _, word in found] == [prefix + VOCABULARY.words[token][len(prefix) :] for token in ranked[:k]]
    np.testing.assert_allclose([logprob for _, logprob, _ in found], chance[ranked[:k]], atol=1e-5)


def test_words_of_probability_zero_are_left_out():
    logits = np.full(SIZE, -np.inf, np.float32)
    logits[[0, 3, 5]] = [2, 1, 0]
    assert [token for token, _, _ in suggestions(logits, (0, -0.5), 10, VOCABULARY, VOCABULARY.permitted())] == [3, 5]


def test_what_would_complete_a_denied_phrase_is_left_out():
    permitted = VOCABULARY.permitted(deny=frozenset({"the cell"}))
    keywords = {"context": [TOKENIZER.id("the")], "prefix": "c"}
    assert words(LOGITS, GREEDY, 5, VOCABULARY, VOCABULARY.permitted(), **keywords) == ["cell"]
    assert words(LOGITS, GREEDY, 5, VOCABULARY, permitted, **keywords) == []


@pytest.mark.parametrize(
    ("typed", "spelled", "whole"),
    [
        ("", "", "memory"),
        ("me", "me", "memory"),
        ("Me", "me", "Memory"),
        ("M", "m", "Memory"),
        ("ME", "me", "MEMORY"),
        ("mE", "me", "mEmory"),
        ("Memory", "memory", "Memory"),
    ],
)
def test_capitals_that_were_typed_are_kept(typed, spelled, whole):
    assert completed(typed, spelled, "memory") == whole


def test_where_case_counts_nothing_changes():
    assert completed("NA", "NA", "NATo") == "NATo"
