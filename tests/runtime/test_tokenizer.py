"""The tokenizer equals Keras' `Tokenizer` and `TextVectorization`, and refuses what it cannot honour."""

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.text import Tokenizer as KerasTokenizer

from edgeword.errors import InputFileError, TokenizerError, UsageError
from edgeword.tokenizers.foreign import from_vocabulary, read_tokenizer
from edgeword.tokenizers.tokenizer import DEFAULT_FILTERS, Tokenizer

# Letters whose lower case is longer (İ), depends on the place (Σ), or is not ASCII's business (É, K).
CROWDED = st.text("aAbBoOvV .,-'\t\n\x0b\x1c\xa0İΣÉ\u212a<>", max_size=40)
TEXT = st.one_of(CROWDED, st.text(max_size=40))
OOV = {"oov_token": "?"}
TEXTS = st.lists(TEXT, max_size=6)
IDS = st.lists(st.integers(-2, 12), max_size=12)
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
    for sequence in [ids, *expected]:
        assert decoded_as_keras(ours, sequence) == theirs.sequences_to_texts([sequence])[0]


def decoded_as_keras(ours, ids):
    """Keras joins characters with spaces, which edgeword does not."""
    if ours.level == "word":
        return ours.decode(ids)
    tokens = [replace(ours, level="word").decode([token_id]) for token_id in ids]
    known = [ours.oov_id is not None or 0 < i <= len(ours.vocabulary) for i in ids]
    return " ".join(token for token, is_known in zip(tokens, known, strict=True) if is_known)


@settings(deadline=None, max_examples=400)
@given(TEXTS, TEXTS, OPTIONS, IDS)
def test_equals_keras_tokenizer(corpus, unseen, options, ids):
    theirs = keras_tokenizer(corpus, options)
    ours = Tokenizer.fit(corpus, **options)
    assert_same(ours, theirs, corpus + unseen, ids)


@settings(deadline=None, max_examples=200)
@given(TEXTS, TEXTS, OPTIONS, IDS)
def test_reads_what_keras_writes(corpus, unseen, options, ids):
    theirs = keras_tokenizer(corpus, options)
    ours = Tokenizer.from_json(theirs.to_json())
    assert ours == Tokenizer.fit(corpus, **options)
    assert_same(ours, theirs, unseen, ids)


@settings(deadline=None, max_examples=200)
@given(TEXTS, TEXTS, OPTIONS)
def test_round_trip_through_json_changes_nothing(corpus, unseen, options):
    tokenizer = Tokenizer.fit(corpus, **options)
    again = Tokenizer.from_json(tokenizer.to_json())
    assert again == tokenizer
    assert again.to_json() == tokenizer.to_json()
    assert [again.encode(text) for text in unseen] == [tokenizer.encode(text) for text in unseen]


@settings(deadline=None, max_examples=100)
@given(TEXTS, TEXT, OPTIONS)
def test_single_tokens_agree_with_whole_texts(corpus, text, options):
    tokenizer = Tokenizer.fit(corpus, **options)
    tokens = tokenizer.tokens(text)
    ids = [tokenizer.id(token) for token in tokens]
    assert tokenizer.encode(text) == [token_id for token_id in ids if token_id is not None]
    unknown = [token_id for token_id in ids if token_id is None or token_id == tokenizer.oov_id]
    assert tokenizer.oov_rate(text) == (len(unknown) / len(tokens) if tokens else 0.0)
    assert all(tokenizer.word(i) == tokenizer.decode([i]) for i in range(-1, 12))


# The first letters are in the vocabulary as they are, so that a wrong case or cut shows.
VECTORIZED = ["", "[UNK]", "a", "b", "ab", "dont", "é", "É", "\u212a", "a\x1cb", "a\xa0b"]
LAYER = keras.layers.TextVectorization(vocabulary=VECTORIZED)
VECTORIZED_TEXT = st.one_of(
    st.text("aAbBdontéÉ\u212a \t\n\x0b\x0c\r\x1c\x85\xa0\u3000'.-[]UNK_`\\^", max_size=30),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
    st.lists(st.sampled_from(["don't", "A!b", "É", "a\x1cB", "[UNK]", "a", "B"]), max_size=8).map(" ".join),
)


@settings(deadline=None, max_examples=250)
@given(VECTORIZED_TEXT)
def test_equals_text_vectorization_on_all_of_unicode(text):
    assert from_vocabulary(VECTORIZED).encode(text) == LAYER(tf.constant([text])).numpy()[0].tolist()


@settings(deadline=None, max_examples=12)
@given(st.lists(VECTORIZED_TEXT.filter(str.strip), min_size=1, max_size=4), VECTORIZED_TEXT)
def test_equals_an_adapted_text_vectorization(corpus, text):
    layer = keras.layers.TextVectorization()
    layer.adapt(tf.constant(["known", *corpus]))
    ours = from_vocabulary(layer.get_vocabulary())
    assert ours.vocab_size == layer.vocabulary_size()
    assert ours.encode(text) == layer(tf.constant([text])).numpy()[0].tolist()
    assert Tokenizer.from_json(ours.to_json()) == ours


PLAIN = [
    # text of the file, vocabulary, oov_id
    ("\n[UNK]\nthe\ncat\n", ("[UNK]", "the", "cat"), 1),
    ("[PAD]\n[UNK]\nthe\ncat", ("[UNK]", "the", "cat"), 1),
    ("<pad>\r\nthe\r\n<unk>\r\n", ("the", "<unk>"), 2),
    ("the\ncat\n", ("the", "cat"), None),
    ("[UNK]\nthe\n", ("[UNK]", "the"), 1),
    ("\ufeff\n[UNK]\nthe", ("[UNK]", "the"), 1),
    ("the\n\u2028\x85\n", ("the", "\u2028\x85"), None),
    ('"\nthe\n', ('"', "the"), None),
    ('["", "[UNK]", "the"]', ("[UNK]", "the"), 1),
    ('["the", "cat"]', ("the", "cat"), None),
]


@pytest.mark.parametrize(("text", "vocabulary", "oov_id"), PLAIN)
def test_plain_vocabulary(tmp_path, text, vocabulary, oov_id):
    file = tmp_path / "vocab.txt"
    file.write_bytes(text.encode())
    tokenizer = read_tokenizer(file)
    assert (tokenizer.vocabulary, tokenizer.oov_id) == (vocabulary, oov_id)
    assert tokenizer.punctuation == "strip"


def wrapped_twice(tokenizer):
    return json.dumps(tokenizer.to_json())


def with_word_index_as_object(tokenizer):
    data = json.loads(tokenizer.to_json())
    data["config"]["word_index"] = tokenizer.word_index
    return json.dumps(data, indent=2)


@pytest.mark.parametrize("write", [KerasTokenizer.to_json, wrapped_twice, with_word_index_as_object])
@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer"])
def test_reads_keras_files(tmp_path, write, name):
    (tmp_path / name).write_text(write(keras_tokenizer(["the cat the"], OOV)), "utf-8")
    assert read_tokenizer(tmp_path / name).vocabulary == ("?", "the", "cat")


def test_reads_its_own_file(tmp_path):
    tokenizer = Tokenizer.fit(["ein Kätzchen"], **OOV)
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_json(), "utf-8")
    assert read_tokenizer(tmp_path / "tokenizer.json") == tokenizer


def test_reads_a_keras_index_that_was_mended_by_hand():
    """The widespread recipe for `num_words`: cut word_index, then put the OOV token behind it."""
    theirs = keras_tokenizer(["a a a b b c"], OOV | {"num_words": 3})
    theirs.word_index = {word: i for word, i in theirs.word_index.items() if i <= 3}
    theirs.word_index["?"] = 4
    theirs.index_word = {i: word for word, i in theirs.word_index.items()}
    ours = Tokenizer.from_json(theirs.to_json())
    assert ours.encode("a b c") == theirs.texts_to_sequences(["a b c"])[0] == [2, 4, 4]
    assert ours.vocab_size == 5


def test_own_format_is_pinned():
    words = Tokenizer.fit(["b a, b a c É"], num_words=4, **OOV)
    assert words.to_json() == (
        '{"format":"edgeword-tokenizer","version":1,"level":"word","lower":true,"oov_token":"?",'
        '"oov_id":1,"filters":"!\\"#$%&()*+,-./:;<=>?@[\\\\]^_`{|}~\\t\\n","split":" ",'
        '"punctuation":"split","vocabulary":["?","b","a"]}'
    )
    letters = Tokenizer.fit(["aÉ"], char_level=True, lower=False)
    assert letters.to_json() == (
        '{"format":"edgeword-tokenizer","version":1,"level":"char","lower":false,"oov_token":null,'
        '"oov_id":null,"vocabulary":["a","É"]}'
    )


def test_oov_token_in_the_text_takes_its_own_rank_as_in_keras():
    tokenizer = Tokenizer.fit(["x x ?"], num_words=2, filters="", **OOV)
    assert (tokenizer.vocabulary, tokenizer.oov_id, tokenizer.vocab_size) == ((None,), 3, 4)
    assert tokenizer.encode("x ? new") == [3, 3, 3]
    assert tokenizer.decode([1, 2, 3]) == "? ? ?"


def test_joiner_and_rates():
    words, letters = Tokenizer.fit(["ab cd"]), Tokenizer.fit(["ab cd"], char_level=True)
    assert (words.joiner, letters.joiner) == (" ", "")
    assert letters.decode(letters.encode("dab c")) == "dab c"
    assert words.oov_rate("ab xy cd, zz") == 0.5
    assert words.oov_rate("...") == 0.0
    assert (words.word(0), words.word(1), words.word(99), words.id("zz")) == ("", "ab", "", None)
    assert words.decode(np.array([2, 1])) == "cd ab"


def test_lone_surrogates_survive_a_utf8_file(tmp_path):
    tokenizer = Tokenizer.fit(["\udc80 a"])
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_json(), "utf-8")
    assert read_tokenizer(tmp_path / "tokenizer.json") == tokenizer


def test_is_immutable_and_leaves_the_vocabulary_out_of_its_repr():
    tokenizer = Tokenizer.fit(["secret"])
    with pytest.raises(FrozenInstanceError):
        tokenizer.lower = False
    assert "secret" not in repr(tokenizer)


OWN = Tokenizer.fit(["the cat"], **OOV).to_dict()
CHAR = Tokenizer.fit(["the"], char_level=True).to_dict()
REFUSED = [
    (OWN | {"version": 2}, "version 2 is newer"),
    (OWN | {"version": True}, "version must be a positive integer"),
    (OWN | {"version": "1"}, "version must be a positive integer"),
    (OWN | {"format": "other"}, "'format' must be 'edgeword-tokenizer'"),
    (OWN | {"extra": 1}, "unknown key 'extra'"),
    (CHAR | {"filters": ""}, "unknown key 'filters'"),
    ({key: OWN[key] for key in OWN if key != "lower"}, "'lower' is missing"),
    ({key: OWN[key] for key in OWN if key != "split"}, "'split' is missing"),
    (OWN | {"level": "subword"}, "level must be 'word' or 'char', not 'subword'"),
    (OWN | {"level": ["char"]}, "level must be"),
    (OWN | {"lower": 1}, "lower must be true or false, not 1"),
    (OWN | {"filters": None}, "filters must be text"),
    (OWN | {"split": ""}, "split must be text of one character"),
    (OWN | {"punctuation": "keep"}, "punctuation must be 'split' or 'strip'"),
    (OWN | {"punctuation": "strip", "split": ","}, "needs level 'word' and split ' '"),
    (OWN | {"oov_id": True}, "oov_id must be null or"),
    (OWN | {"oov_id": 0}, "oov_id must be null or"),
    (OWN | {"oov_id": 1 << 40}, "oov_id must be null or"),
    (OWN | {"oov_id": None}, "belong together"),
    (OWN | {"oov_token": None}, "belong together"),
    (OWN | {"oov_id": 2}, "does not have oov_token '?' at id 2"),
    (OWN | {"oov_id": 9}, "does not have oov_token '?' at id 9"),
    (OWN | {"vocabulary": "abc"}, "must be a list"),
    (OWN | {"vocabulary": ["?", 7]}, "is of type int"),
    (OWN | {"vocabulary": ["?", ["a"]]}, "is of type list"),
    (OWN | {"vocabulary": ["?", "a", "a"]}, "'a' has the ids 2 and 3"),
]


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_refuses_what_is_not_its_format(data, message):
    with pytest.raises(TokenizerError, match=r"^tokenizer: ") as caught:
        Tokenizer.from_dict(data)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


KERAS_REFUSED = [
    ({"word_index": None}, "word_index must be an object"),
    ({"word_index": "[]"}, "word_index must be an object"),
    ({"word_index": "{"}, "not a tokenizer in JSON"),
    ({"word_index": {"a": 0}}, "'a' has the id 0"),
    ({"word_index": {"a": 1.5}}, "'a' has the id 1.5"),
    ({"word_index": {"a": 1 << 40}}, "ids run from 1"),
    ({"word_index": {"a": 1, "b": 1}}, "'a' and 'b' both have the id 1"),
    ({"oov_token": "?"}, "call fit_on_texts"),
    ({"oov_token": True}, "its oov_token True is not in word_index"),
    ({"char_level": 1}, "char_level must be true or false"),
    ({"num_words": -1}, "num_words must be a positive integer"),
    ({"num_words": 2.0}, "num_words must be a positive integer"),
    ({"split": None}, "split must be text"),
    ({"filters": ["a"]}, "filters must be text"),
    ({"stemmer": "porter"}, "unknown option 'stemmer'"),
]


@pytest.mark.parametrize(("change", "message"), KERAS_REFUSED)
def test_refuses_what_keras_could_not_mean(change, message):
    data = json.loads(keras_tokenizer(["the cat"], {}).to_json())
    data["config"] |= change
    with pytest.raises(TokenizerError) as caught:
        Tokenizer.from_json(json.dumps(data))
    assert message in str(caught.value)


FILES_REFUSED = [
    ("t.json", b"the\ncat\n", "not a tokenizer in JSON"),
    ("t.txt", b'{"format": ', "not a tokenizer in JSON"),
    ("t.json", b"[" * 100_000, "not a tokenizer in JSON"),
    ("t.json", b'{"format": "edgeword-tokenizer", "version": 1, "version": 1}', "'version' occurs twice"),
    ("t.json", b'{"a": 1, "b": 2, "b": 3}', "'b' occurs twice"),
    ("t.json", b'{"class_name": "Tokenizer"}', "its config has no word_index"),
    ("t.json", b'{"class_name": "Sequential", "config": {}}', "not a tokenizer that edgeword reads"),
    ("t.json", b"12", "not a tokenizer that edgeword reads"),
    ("t.json", b"[1, 2]", "is of type int"),
    ("t.json", b"[]", "holds no tokens"),
    ("t.pickle", b"\x80\x04\x95", "a pickled Tokenizer is not read"),
    ("t.txt", b"", "holds no tokens"),
    ("t.txt", b"\n", "holds no tokens"),
    ("t.txt", b"\n[UNK]\n\na\n", "token 3 is empty"),
    ("t.txt", b"the\n\ncat\n", "token 2 is empty"),
    ("t.txt", b"the\ncat\nthe\n", "'the' has the ids 1 and 3"),
]


@pytest.mark.parametrize(("name", "content", "message"), FILES_REFUSED)
def test_refused_files_are_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TokenizerError) as caught:
        read_tokenizer(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_unreadable_files(tmp_path, name):
    with pytest.raises(InputFileError, match="cannot read the tokenizer"):
        read_tokenizer(tmp_path / name)


@pytest.mark.parametrize(
    ("texts", "options", "error", "message"),
    [
        ("one text", {}, UsageError, "give a list of texts"),
        ([["a", "list"]], {}, UsageError, "each must be a str, not list"),
        (["a"], {"num_words": -1}, TokenizerError, "num_words"),
        (["a"], {"num_words": 2.0}, TokenizerError, "num_words"),
        (["a"], {"split": ""}, TokenizerError, "split"),
        (["a"], {"oov_token": True}, TokenizerError, "oov_token"),
    ],
)
def test_fit_refuses(texts, options, error, message):
    with pytest.raises(error, match=message):
        Tokenizer.fit(texts, **options)


def test_reading_its_own_format_imports_no_other_reader():
    code = (
        "import sys; from edgeword.tokenizer import Tokenizer;"
        f"Tokenizer.from_json({Tokenizer.fit(['a']).to_json()!r});"
        "print(sorted({'keras', 'tensorflow', 'edgeword.tokenizer_formats'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
