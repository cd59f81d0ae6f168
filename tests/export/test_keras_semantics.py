"""The runtime's text and padding equal Keras' own: `pad_sequences`, `Tokenizer` and `TextVectorization`."""

from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.text import Tokenizer as KerasTokenizer

from edgeword.padding import Padding
from edgeword.tokenizers.foreign import from_json, from_vocabulary
from edgeword.tokenizers.tokenizer import DEFAULT_FILTERS, Tokenizer

SIDE = st.sampled_from(["pre", "post"])
INT32 = st.integers(-(2**31), 2**31 - 1)
SEQUENCES = st.lists(st.lists(INT32, max_size=9), max_size=5)


@settings(max_examples=300)
@given(SEQUENCES, st.integers(1, 8), SIDE, SIDE, INT32)
def test_equals_pad_sequences(sequences, length, side, truncating, value):
    expected = keras.utils.pad_sequences(sequences, maxlen=length, padding=side, truncating=truncating, value=value)
    padding = Padding(side, truncating, value)
    rows = padding.windows(sequences, length)
    assert rows.dtype == expected.dtype == np.int32
    np.testing.assert_array_equal(rows, expected)
    for row, sequence in zip(rows, sequences, strict=True):
        np.testing.assert_array_equal(padding.window(sequence, length), row)


def test_the_defaults_of_padding_are_those_of_keras():
    sequences = [[1], [1, 2, 3, 4]]
    expected = keras.utils.pad_sequences(sequences, maxlen=3)
    np.testing.assert_array_equal(Padding().windows(sequences, 3), expected)


# Letters whose lower case is longer (İ), depends on the place (Σ), or is not ASCII's business (É, K).
CROWDED = st.text("aAbBoOvV .,-'\t\n\x0b\x1c\xa0İΣÉ\u212a<>", max_size=40)
TEXTS = st.lists(st.one_of(CROWDED, st.text(max_size=40)), max_size=6)
IDS = st.lists(st.integers(-2, 12), max_size=12)
OOV = {"oov_token": "?"}
OPTIONS = st.fixed_dictionaries(
    {
        "num_words": st.one_of(st.none(), st.integers(0, 6)),
        "filters": st.sampled_from([DEFAULT_FILTERS, "", "a,", " ", ",-A", "..'"]),
        "lower": st.booleans(),
        "split": st.sampled_from([" ", ",", "--", "a", "A", ".", "ab"]),
        "oov_token": st.sampled_from([None, "<OOV>", "a", "oov", ""]),
        "char_level": st.booleans(),
    }
)


def keras_tokenizer(texts, options):
    tokenizer = KerasTokenizer(**options)
    tokenizer.fit_on_texts(texts)
    return tokenizer


def assert_same(ours, theirs, texts, ids):
    expected = theirs.texts_to_sequences(texts)
    assert [ours.encode(text) for text in texts] == expected
    assert all(token_id < ours.vocab_size for row in expected for token_id in row)
    for sequence in [ids, *expected] if ours.oov_token != "" else []:  # which is no word to edgeword
        assert decoded_as_keras(ours, sequence) == theirs.sequences_to_texts([sequence])[0]


def decoded_as_keras(ours, ids):
    """Keras joins characters with spaces, which edgeword does not."""
    if ours.level == "word":
        return ours.decode(ids)
    tokens = [replace(ours, level="word").decode([token_id]) for token_id in ids]
    known = [ours.oov_id is not None or 0 < i <= len(ours.vocabulary) for i in ids]
    return " ".join(token for token, is_known in zip(tokens, known, strict=True) if is_known)


@settings(max_examples=400)
@given(TEXTS, TEXTS, OPTIONS, IDS)
def test_equals_keras_tokenizer(corpus, unseen, options, ids):
    theirs = keras_tokenizer(corpus, options)
    ours = Tokenizer.fit(corpus, **options)
    assert_same(ours, theirs, corpus + unseen, ids)


@settings(max_examples=200)
@given(TEXTS, TEXTS, OPTIONS, IDS)
def test_reads_what_keras_writes(corpus, unseen, options, ids):
    theirs = keras_tokenizer(corpus, options)
    ours = from_json(theirs.to_json())
    read = [token_id for token_id in ids if token_id < (options["num_words"] or len(ids) + 13)]
    assert_same(ours, theirs, corpus + unseen, read)
    # A model may say what its tokenizer does not read: loops look the word up in index_word.
    assert {token_id: ours.word(token_id) for token_id in theirs.index_word} == theirs.index_word
    assert options["num_words"] or ours == Tokenizer.fit(corpus, **options)


# The first letters are in the vocabulary as they are, so that a wrong case or cut shows.
VECTORIZED = ["", "[UNK]", "a", "b", "ab", "dont", "é", "É", "\u212a", "a\x1cb", "a\xa0b"]
LAYER = keras.layers.TextVectorization(vocabulary=VECTORIZED)
VECTORIZED_TEXT = st.one_of(
    st.text("aAbBdontéÉ\u212a \t\n\x0b\x0c\r\x1c\x85\xa0\u3000'.-[]UNK_`\\^", max_size=30),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
    st.lists(st.sampled_from(["don't", "A!b", "É", "a\x1cB", "[UNK]", "a", "B"]), max_size=8).map(" ".join),
)


@settings(max_examples=250)
@given(VECTORIZED_TEXT)
def test_equals_text_vectorization_on_all_of_unicode(text):
    assert from_vocabulary(VECTORIZED).encode(text) == LAYER(tf.constant([text])).numpy()[0].tolist()


@settings(max_examples=12)
@given(st.lists(VECTORIZED_TEXT.filter(str.strip), min_size=1, max_size=4), VECTORIZED_TEXT)
def test_equals_an_adapted_text_vectorization(corpus, text):
    layer = keras.layers.TextVectorization()
    layer.adapt(tf.constant(["known", *corpus]))
    ours = from_vocabulary(layer.get_vocabulary())
    assert ours.vocab_size == layer.vocabulary_size()
    assert ours.encode(text) == layer(tf.constant([text])).numpy()[0].tolist()
    assert Tokenizer.from_json(ours.to_json()) == ours


def test_reads_a_keras_index_that_was_mended_by_hand():
    """The widespread recipe for `num_words`: cut word_index, then put the OOV token behind it."""
    theirs = keras_tokenizer(["a a a b b c"], OOV | {"num_words": 3})
    theirs.word_index = {word: i for word, i in theirs.word_index.items() if i <= 3}
    theirs.word_index["?"] = 4
    theirs.index_word = {i: word for word, i in theirs.word_index.items()}
    ours = from_json(theirs.to_json())
    assert ours.encode("a b c") == theirs.texts_to_sequences(["a b c"])[0] == [2, 4, 4]
    assert ours.vocab_size == 5
