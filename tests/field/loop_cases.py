"""One model, many loops: how it is padded, cut and fed is not in its file."""

from __future__ import annotations

from tests.field import loops, networks, tokens
from tests.field.case import Case

KERAS = tokens.of_keras(tokens.as_json)
NARROW = tokens.of_keras(tokens.as_json, wide=False, num_words=16)
WIDE = tokens.of_keras(tokens.as_pickle, num_words=16)
OOV = tokens.of_keras(tokens.as_json, oov_token="<OOV>")
FEW_AND_OOV = tokens.of_keras(tokens.as_pickle, wide=False, num_words=16, oov_token="<OOV>")

LOOP_CASES = {
    "pre-padded to what is declared": Case(networks.lstm(8), KERAS, loops.padded(8), "pre-padded windows of 8"),
    "the same in .h5": Case(
        networks.lstm(8), KERAS, loops.padded(8), "pre-padded windows of 8", saved="model.h5", told="tabs"
    ),
    "one less": Case(networks.lstm(8), KERAS, loops.padded(7), "pre-padded windows of 7", needs_witness=True),
    "one more": Case(
        networks.lstm(8), KERAS, loops.padded(9), "pre-padded windows of 9", needs_witness=True, saved="model.h5"
    ),
    "much longer": Case(
        networks.lstm(6), KERAS, loops.padded(13), "pre-padded windows of 13", needs_witness=True, told="pairs"
    ),
    "much shorter": Case(
        networks.lstm(20), KERAS, loops.padded(5), "pre-padded windows of 5", needs_witness=True, told="function"
    ),
    "padded behind": Case(
        networks.lstm(8), KERAS, loops.padded(8, "post"), "post-padded windows of 8", needs_witness=True
    ),
    "padded behind, as is said": Case(
        networks.lstm(8), KERAS, loops.padded(8, "post"), "post-padded windows of 8", options={"padding": "post"}
    ),
    "padded behind to another length": Case(
        networks.lstm(8), KERAS, loops.padded(11, "post"), "post-padded windows of 11", needs_witness=True
    ),
    "cut behind": Case(
        networks.lstm(8),
        KERAS,
        loops.padded(8, truncating="post"),
        "pre-padded windows of 8, longer texts cut at their end",
        needs_witness=True,
        told="function",
    ),
    "cut behind, as is said": Case(
        networks.lstm(8),
        KERAS,
        loops.padded(8, truncating="post"),
        "pre-padded windows of 8, longer texts cut at their end",
        options={"truncating": "post"},
        told="function",
    ),
    "not padded until it is longer than the window": Case(
        networks.lstm(8),
        KERAS,
        loops.unpadded(8),
        "the last 8 tokens, without padding",
        needs_witness=True,
        told="printed",
    ),
    "fed whole, though a length is declared": Case(
        networks.lstm(8), KERAS, loops.unpadded(), "texts of any length, whole", "step", needs_witness=True
    ),
    "fed whole": Case(networks.lstm(None), KERAS, loops.unpadded(), "texts of any length, whole", "step"),
    "fed whole, masked": Case(
        networks.lstm(None, mask=True), KERAS, loops.unpadded(), "texts of any length, whole", "step"
    ),
    "fed whole, an answer everywhere": Case(
        networks.lstm(None, sequences=True), KERAS, loops.unpadded(), "texts of any length, whole", "step"
    ),
    "free length, padded by the loop": Case(
        networks.lstm(None), KERAS, loops.padded(9), "pre-padded windows of 9", needs_witness=True
    ),
    "free length, padded, as is said": Case(
        networks.lstm(None), KERAS, loops.padded(9), "pre-padded windows of 9", options={"window": 9}
    ),
    "masked, padded in front": Case(
        networks.lstm(8, mask=True), KERAS, loops.padded(8), "pre-padded windows of 8", saved="model.h5"
    ),
    "masked, padded behind": Case(
        networks.lstm(8, mask=True), KERAS, loops.padded(8, "post"), "pre-padded windows of 8"
    ),
    "an answer everywhere, read at the end": Case(
        networks.lstm(8, sequences=True), KERAS, loops.padded(8), "pre-padded windows of 8"
    ),
    "an answer everywhere, read at the last word": Case(
        networks.lstm(8, sequences=True),
        KERAS,
        loops.last_real(8),
        "the last 8 tokens, without padding",
        needs_witness=True,
    ),
    "an answer everywhere, padded behind, as is said": Case(
        networks.lstm(8, sequences=True),
        KERAS,
        loops.last_real(8),
        "post-padded windows of 8, read at the last token",
        options={"padding": "post"},
    ),
    "only the last word": Case(
        networks.lstm(None), KERAS, loops.last_word(), "the last token alone", needs_witness=True
    ),
    "only the last word, as is declared": Case(networks.lstm(1), KERAS, loops.last_word(), "pre-padded windows of 1"),
    "a state carried by the layers": Case(
        networks.stateful(None), KERAS, loops.carried, "texts of any length, whole", "step"
    ),
    "a state carried, one word at a time": Case(
        networks.stateful(1, "LSTM", sequences=False), KERAS, loops.carried, "texts of any length, whole", "step"
    ),
    "a state given and taken": Case(
        networks.with_state, KERAS, loops.given_state, "texts of any length, whole", "step"
    ),
    "fewer words than were counted": Case(
        networks.lstm(8), NARROW, loops.padded(8), "pre-padded windows of 8", told="printed"
    ),
    "words that are said and not read": Case(networks.lstm(8), WIDE, loops.padded(8), "pre-padded windows of 8"),
    "unknown words are read": Case(networks.lstm(8), OOV, loops.padded(8), "pre-padded windows of 8"),
    "unknown words, few words": Case(
        networks.lstm(8), FEW_AND_OOV, loops.padded(8), "pre-padded windows of 8", saved="model.h5"
    ),
    "the unknown word is said": Case(
        networks.lstm(8), OOV, loops.padded(8), "pre-padded windows of 8", needs_witness=True, unsaid=(0,), seed=2
    ),
    "padding is said": Case(
        networks.lstm(8), KERAS, loops.padded(8), "pre-padded windows of 8", needs_witness=True, unsaid=(), seed=2
    ),
    "unknown words are read as padding": Case(
        networks.lstm(8),
        tokens.of_word_index_get(tokens.as_word_index),
        loops.padded(8),
        "pre-padded windows of 8, unknown words read as id 0",
        needs_witness=True,
        saved="model.h5",
    ),
    "punctuation is part of words": Case(
        networks.lstm(8),
        tokens.of_word_index_get(tokens.as_json, split=True),
        loops.padded(8),
        "pre-padded windows of 8, unknown words read as id 0, punctuation kept",
        needs_witness=True,
    ),
    "padded with another id": Case(
        networks.lstm(8),
        tokens.of_dict({**tokens.numbered(tokens.WORDS), "<pad>": len(tokens.WORDS)}, tokens.dict_as_json, None),
        loops.padded(8, value=len(tokens.WORDS)),
        f"pre-padded windows of 8 with id {len(tokens.WORDS)}",
    ),
}
