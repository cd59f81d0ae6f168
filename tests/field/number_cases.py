"""One model, many numberings: what is kept of a tokenizer, and in which file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.field import loops, networks, tokens
from tests.field.case import Case
from tests.field.tokens import Tokens

PADDED = "pre-padded windows of 7"
NAMED = {"<PAD>": 0, "<UNK>": 1, **tokens.numbered(tokens.WORDS, 2)}


def _plain(numbering: Tokens, **options: Any) -> Case:
    return Case(networks.lstm(7), numbering, loops.padded(7), PADDED, **options)


def _kept(keep: Callable[..., Any], **options: Any) -> Case:
    return _plain(tokens.of_keras(keep, **options))


NUMBER_CASES = {
    "JSON in a JSON string": _kept(tokens.as_json_string),
    "a pickled Tokenizer": _kept(tokens.as_pickle),
    "a pickled pair": _kept(tokens.as_pickled_pair),
    "a pickled dict of things": _kept(tokens.as_pickled_dict, oov_token="<OOV>"),
    "word_index": _kept(tokens.as_word_index),
    "index_word": _kept(tokens.as_index_word),
    "wordIndex": _kept(tokens.for_javascript),
    "an array of a dict": _kept(tokens.as_array),
    "the Tokenizer itself": _kept(tokens.live),
    "words with ids from 0": Case(
        networks.lstm(7),
        tokens.of_dict(tokens.numbered(tokens.WORDS), tokens.dict_as_json, None),
        loops.unpadded(7),
        "the last 7 tokens, without padding",
        needs_witness=True,
    ),
    "words with named padding": _plain(tokens.of_dict(NAMED, tokens.dict_as_pickle, "<UNK>")),
    "named padding is said": Case(
        networks.lstm(7),
        tokens.of_dict(NAMED, tokens.dict_as_json, "<UNK>"),
        loops.appended(7),
        PADDED,
        needs_witness=True,
        unsaid=(1,),
        seed=2,
    ),
    "StringLookup of words": Case(
        networks.lstm(7), tokens.of_lookup(""), loops.appended(7), PADDED, needs_witness=True
    ),
    "TextVectorization, fed whole": Case(
        networks.lstm(None, mask=True),
        tokens.of_vectorization(tokens.as_lines),
        loops.vectorized,
        "texts of any length, whole",
        "step",
    ),
    "TextVectorization, cut and padded": Case(
        networks.lstm(9),
        tokens.of_vectorization(tokens.as_list, output_sequence_length=9),
        loops.vectorized,
        "post-padded windows of 9, longer texts cut at their end",
        needs_witness=True,
        told="function",
    ),
    "TextVectorization itself": Case(
        networks.lstm(None, mask=True),
        tokens.of_vectorization(tokens.live, output_sequence_length=9),
        loops.vectorized,
        "pre-padded windows of 9, longer texts cut at their end",
        needs_witness=True,
        told="function",
    ),
}
