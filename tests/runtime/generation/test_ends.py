"""Texts that end by themselves: the end of a line is said, and is no word."""

from __future__ import annotations

import numpy as np
import pytest

from edgeword.errors import UsageError
from edgeword.generation.options import GenerationOptions
from edgeword.generation.searching import Search
from edgeword.tokenizers.text import END_ID
from edgeword.words.vocabulary import Vocabulary
from tests.runtime.generation.markov import Markov
from tests.runtime.text_bundle import tokenizer

TOKENIZER = tokenizer()
VOCABULARY = Vocabulary(TOKENIZER, TOKENIZER.vocab_size)
WAYS = {"greedy": {}, "drawn": {"temperature": 1.0, "seed": 4}, "beams": {"beams": 3}}
on_all_ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


class Ending(Markov):
    """Whose most probable token is the end after so many words of a text, and the second most probable before."""

    def __init__(self, after: int) -> None:
        super().__init__(3, TOKENIZER.vocab_size)
        self._after, self._said = after, 0

    def advance(self, token: int) -> None:
        super().advance(token)
        self._said += 1

    def snapshot(self):
        return (self._context, self._said)

    def restore(self, snapshot) -> None:
        self._context, self._said = snapshot

    def logits(self):
        logits = super().logits()
        logits[END_ID] = logits.max() + (20 if self._said >= self._after else -40)
        return logits

    def greedy(self):
        logits = self.logits()
        token = int(logits.argmax())
        return token, float(logits[token] - np.log(np.exp(logits.astype(float)).sum()))


def searched(after: int, **keywords):
    decoder = Ending(after)
    decoder.begin([END_ID])
    search = Search(decoder, [END_ID], GenerationOptions(**keywords), VOCABULARY)
    return list(search), search.finish_reason


@on_all_ways
def test_a_text_ends_where_its_end_is_said(way):
    said, reason = searched(4, max_words=9, **way)
    assert (len(said), reason) == (4, "end")
    assert END_ID not in [token for token, _, _ in said]
    assert searched(4, max_words=4, **way)[1] == "length"
    assert searched(0, max_words=4, **way) == ([], "end")


@on_all_ways
def test_a_text_does_not_end_before_min_words_nor_where_the_end_is_denied(way):
    said, reason = searched(2, max_words=9, min_words=6, **way)
    assert (len(said), reason) == (6, "end")
    said, reason = searched(2, max_words=9, deny={"\n"}, **way)
    assert (len(said), reason) == (9, "length")


def test_the_end_is_no_word_that_may_be_allowed_or_suggested():
    assert not VOCABULARY.permitted().mask[END_ID]
    assert VOCABULARY.permitted().ending.mask[END_ID]
    said, reason = searched(3, max_words=9, allow={"cell", "."})
    assert reason == "end"
    assert {TOKENIZER.word(token) for token, _, _ in said} <= {"cell", "."}
    with pytest.raises(UsageError, match="leave no word"):
        VOCABULARY.permitted(frozenset({"\n"}), frozenset({"\n"}))


def test_a_stop_text_is_found_in_the_text_as_it_is_written():
    whole, _ = searched(9, max_words=9)
    text = "".join(piece for _, _, piece in whole)
    for stop in (text[5:9], text[-4:]):
        said, reason = searched(9, max_words=9, stop=[stop])
        assert ("".join(piece for _, _, piece in said), reason) == (text[: text.index(stop)].rstrip(" "), "stop")
