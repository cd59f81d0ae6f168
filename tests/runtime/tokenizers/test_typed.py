"""Texts as they are typed: when a word is finished, letter by letter as all at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword.tokenizers.tokenizer import DEFAULT_FILTERS, Tokenizer
from edgeword.tokenizers.typed import Typed

# Letters whose lower case is longer (İ) or is not ASCII's business (É).
TEXT = st.one_of(st.text("aAbBxX .,-'\t\n\x0b\x1c\xa0İÉ<>", max_size=30), st.text(max_size=20))
FILTERS = st.sampled_from([DEFAULT_FILTERS, "", "a,", " ", ",-A", "..'", "\n"])
SPLIT = st.builds(
    lambda filters, split, lower: Tokenizer((), filters=filters, split=split, lower=lower),
    FILTERS,
    st.sampled_from([" ", ",", "a", "A", "."]),
    st.booleans(),
)
LONGER_SPLIT = st.builds(lambda filters, split: Tokenizer((), filters=filters, split=split), FILTERS, st.just("--"))
STRIP = st.builds(
    lambda filters, lower: Tokenizer((), filters=filters, lower=lower, punctuation="strip"), FILTERS, st.booleans()
)
CHAR = st.builds(lambda lower: Tokenizer((), level="char", lower=lower), st.booleans())


@settings(max_examples=300)
@given(SPLIT | STRIP | CHAR, TEXT)
def test_the_words_have_the_tokens_of_the_text(tokenizer, text):
    text = text.replace("Σ", "")  # see Typed
    words, begun = Typed(tokenizer).parted(text)
    found = [token for word in [*words, begun] for token in tokenizer.tokens(word)]
    assert found == tokenizer.tokens(text)
    assert all(len(tokenizer.tokens(word)) <= 1 for word in [*words, begun] if tokenizer.level == "word")


@settings(max_examples=300)
@given(SPLIT | LONGER_SPLIT | STRIP | CHAR, st.lists(TEXT, max_size=5))
def test_pieces_part_as_the_whole_does(tokenizer, pieces):
    typed = Typed(tokenizer)
    begun, words = "", []
    for piece in [*pieces[:2], *"".join(pieces[2:])]:
        more, begun = typed.parted(begun + piece)
        words += more
    whole, end = typed.parted("".join(pieces))
    assert ([word for word in words if word], begun) == ([word for word in whole if word], end)


KERAS, VECTORIZATION = Tokenizer(()), Tokenizer((), filters="!\"'.,", punctuation="strip")
BEGUN = {
    "a space": (KERAS, "You may ", ""),
    "a letter": (KERAS, "You may co", "co"),
    "capitals": (KERAS, "You may CO", "CO"),
    "a full stop": (KERAS, "You may.", ""),
    "a line": (KERAS, "You may\n", ""),
    "a hyphen": (KERAS, "You may-be", "be"),
    "an apostrophe is a letter": (KERAS, "I don't", "don't"),
    "nothing": (KERAS, "", ""),
    "filtered letters vanish": (VECTORIZATION, 'he said "don', '"don'),
    "a full stop finishes nothing where it vanishes": (VECTORIZATION, "You may.", "may."),
    "a character is a token": (Tokenizer((), level="char"), "You may", ""),
}


@pytest.mark.parametrize(("tokenizer", "text", "begun"), BEGUN.values(), ids=BEGUN)
def test_what_a_text_ends_in(tokenizer, text, begun):
    assert Typed(tokenizer).parted(text)[1] == begun
