"""Texts of subwords: valid, whatever a model says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from edgeword.generation.options import GenerationOptions
from edgeword.generation.searching import Search
from edgeword.tokenizers.subword import END_ID
from edgeword.words.vocabulary import Vocabulary
from tests.runtime.generation.markov import logprobs
from tests.runtime.tokenizers.test_subword import fitted
from tests.runtime.tokenizers.texts import texts

few = settings(max_examples=20)
WAYS = ({}, {"temperature": 1.3, "seed": 2}, {"beams": 2}, {"stop": ["e", "\u00e9"]})


class Hashed:
    """Logits drawn from a hash of the last two ids: a model of any number of ids."""

    def __init__(self) -> None:
        self._context = (0, 0)

    def begin(self, ids=()) -> None:
        self._context = tuple([0, 0, *ids][-2:])

    def advance(self, token: int) -> None:
        self._context = (self._context[1], token)

    def logits(self):
        return np.random.default_rng(self._context).normal(0, 3, fitted().vocab_size).astype(np.float32)

    def greedy(self):
        logits = self.logits()
        return int(logits.argmax()), float(logprobs(logits).max())

    def snapshot(self):
        return self._context

    def restore(self, snapshot) -> None:
        self._context = snapshot


@pytest.mark.parametrize("way", WAYS)
@few
@given(prompt=texts)
def test_what_is_said_is_valid_text_that_goes_on(way, prompt):
    ids, decoder = fitted().encode(prompt), Hashed()
    decoder.begin(ids)
    vocabulary = Vocabulary(fitted(), fitted().vocab_size)
    said = list(Search(decoder, ids, GenerationOptions(max_words=25, **way), vocabulary))
    tokens, text = [token for token, _, _ in said], "".join(piece for _, _, piece in said)
    assert text.encode("utf-8").decode("utf-8") == text
    assert END_ID not in tokens
    if "stop" not in way:
        assert fitted().decode([*ids, *tokens]) == fitted().decode(ids) + text
    else:
        assert not any(stop in text for stop in way["stop"])
