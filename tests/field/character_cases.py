"""Models of characters: rows, numbers and ids."""

from __future__ import annotations

from keras import layers

from tests.field import loops, networks, tokens
from tests.field.case import Case
from tests.field.networks import U, rows

LIST = tokens.of_characters(tokens.CHAR_TO_IDX, tokens.characters_json)
FROM_0 = tokens.of_characters(tokens.CHAR_TO_IDX, tokens.char_to_idx_json)
FROM_1 = tokens.of_characters(tokens.CHAR_TO_IDX_FROM_1, tokens.char_from_1_json)
PICKLED = tokens.of_characters(tokens.CHAR_TO_IDX, tokens.char_mappings_pickle)
LEVEL = tokens.of_keras(tokens.as_json, char_level=True)
SHIFTED = {c: (number + 5) % len(tokens.CHAR_TO_IDX) for c, number in tokens.CHAR_TO_IDX.items()}
SPACE_AT_5 = tokens.of_characters(SHIFTED, lambda folder: tokens.dict_as_json(SHIFTED, folder))


def _one_hot(length: int = 10) -> networks.Build:
    return rows(lambda: layers.LSTM(U), length=length)


CHARACTER_CASES = {
    "one-hot, filled up by spaces": Case(_one_hot(), LIST, loops.one_hot(10), "pre-padded windows of 10"),
    "one-hot, two layers": Case(
        rows(lambda: layers.LSTM(U, return_sequences=True), lambda: layers.LSTM(U), length=10),
        FROM_0,
        loops.one_hot(10),
        "pre-padded windows of 10",
        saved="model.h5",
        told="printed",
    ),
    "one-hot, the space in the middle": Case(
        _one_hot(), SPACE_AT_5, loops.one_hot(10), "pre-padded windows of 10 with id 5"
    ),
    "one-hot, rows of zeros behind": Case(
        _one_hot(), LIST, loops.one_hot(10, "zeros behind"), "post-padded windows of 10 with id 27", needs_witness=True
    ),
    "one-hot, rows of zeros in front": Case(
        _one_hot(), LIST, loops.one_hot(10, "zeros in front"), "pre-padded windows of 10 with id 27", needs_witness=True
    ),
    "scaled numbers": Case(
        rows(lambda: layers.LSTM(U), length=10, width=1),
        LIST,
        loops.scaled(10),
        "pre-padded windows of 10",
    ),
    "ids from 0, filled up by spaces": Case(
        networks.lstm(10), PICKLED, loops.characters(10, 0), "pre-padded windows of 10"
    ),
    "ids from 0, zeros that are a character": Case(
        networks.lstm(10), SPACE_AT_5, loops.characters(10, 0), "pre-padded windows of 10", needs_witness=True
    ),
    "ids from 0, not padded": Case(
        networks.lstm(10), FROM_0, loops.characters(10, None), "the last 10 tokens, without padding", needs_witness=True
    ),
    "ids from 1": Case(networks.lstm(10), FROM_1, loops.characters(10, 0), "pre-padded windows of 10"),
    "Tokenizer(char_level=True)": Case(
        networks.lstm(10), LEVEL, loops.characters(10, 0), "pre-padded windows of 10", saved="model.h5"
    ),
    "a state carried": Case(networks.stateful(None), FROM_0, loops.carried, "texts of any length, whole", "step"),
    "StringLookup, as the tutorials have it": Case(
        networks.with_state, tokens.of_lookup(None), loops.given_state, "texts of any length, whole", "step"
    ),
    "a state given": Case(networks.with_state, FROM_1, loops.given_state, "texts of any length, whole", "step"),
    "ids from 0, padded behind": Case(
        networks.lstm(10), FROM_0, loops.characters(10, 0, "post"), "post-padded windows of 10", needs_witness=True
    ),
}
