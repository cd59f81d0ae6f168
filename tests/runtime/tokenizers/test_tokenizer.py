"""Text to ids and back, and the one format that edgeword writes; Keras' own laws are in tests/export."""

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword.errors import TokenizerError, UsageError
from edgeword.tokenizers.foreign import read_tokenizer
from edgeword.tokenizers.tokenizer import DEFAULT_FILTERS, Tokenizer

# Letters whose lower case is longer (İ), depends on the place (Σ), or is not ASCII's business (É, K).
CROWDED = st.text("aAbBoOvV .,-'\t\n\x0b\x1c\xa0İΣÉ\u212a<>", max_size=40)
TEXT = st.one_of(CROWDED, st.text(max_size=40))
OOV = {"oov_token": "?"}
TEXTS = st.lists(TEXT, max_size=6)
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


@settings(max_examples=200)
@given(TEXTS, TEXTS, OPTIONS)
def test_round_trip_through_json_changes_nothing(corpus, unseen, options):
    tokenizer = Tokenizer.fit(corpus, **options)
    again = Tokenizer.from_json(tokenizer.to_json())
    assert again == tokenizer
    assert again.to_json() == tokenizer.to_json()
    assert [again.encode(text) for text in unseen] == [tokenizer.encode(text) for text in unseen]


@settings(max_examples=100)
@given(TEXTS, TEXT, OPTIONS)
def test_single_tokens_agree_with_whole_texts(corpus, text, options):
    tokenizer = Tokenizer.fit(corpus, **options)
    tokens = tokenizer.tokens(text)
    ids = [tokenizer.id(token) for token in tokens]
    assert tokenizer.encode(text) == [token_id for token_id in ids if token_id is not None]
    unknown = [token_id for token_id in ids if token_id is None or token_id == tokenizer.oov_id]
    assert tokenizer.oov_rate(text) == (len(unknown) / len(tokens) if tokens else 0.0)
    assert all(tokenizer.word(i) == tokenizer.decode([i]) for i in range(-1, 12))


def test_own_format_is_pinned():
    words = Tokenizer.fit(["b a, b a c É"], num_words=4, **OOV)
    options = '"filters":"!\\"#$%&()*+,-./:;<=>?@[\\\\]^_`{|}~\\t\\n","split":" ","punctuation":"split",'
    options += '"zero":null,"num_words":null}'
    assert words.to_json() == (
        '{"format":"edgeword-tokenizer","version":1,"vocabulary":["?","b","a"],"level":"word",'
        f'"oov_token":"?","oov_id":1,"lower":true,{options}'
    )
    letters = Tokenizer.fit(["aÉ"], char_level=True, lower=False)
    assert letters.to_json() == (
        '{"format":"edgeword-tokenizer","version":1,"vocabulary":["a","É"],"level":"char",'
        f'"oov_token":null,"oov_id":null,"lower":false,{options}'
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


OWN = json.loads(Tokenizer.fit(["the cat"], **OOV).to_json())
REFUSED = [
    (OWN | {"version": 2}, "version 2 is newer"),
    (OWN | {"version": True}, "version must be a positive integer"),
    (OWN | {"version": "1"}, "version must be a positive integer"),
    (OWN | {"format": "other"}, "'format' must be 'edgeword-tokenizer'"),
    (OWN | {"extra": 1}, "unknown key 'extra'"),
    *((({key: OWN[key] for key in OWN if key != missing}), f"misses '{missing}'") for missing in list(OWN)[2:]),
    (OWN | {"level": "subword"}, "tokenizer.level is 'subword', not one of word, char"),
    (OWN | {"level": ["char"]}, "tokenizer.level is ['char']"),
    (OWN | {"lower": 1}, "tokenizer.lower is not true or false"),
    (OWN | {"filters": None}, "tokenizer.filters is not a string"),
    (OWN | {"split": ""}, "split must be text of one character"),
    (OWN | {"punctuation": "keep"}, "tokenizer.punctuation is 'keep', not one of split, strip"),
    (OWN | {"punctuation": "strip", "split": ","}, "needs level 'word' and split ' '"),
    (OWN | {"oov_id": True}, "tokenizer.oov_id is not an integer"),
    (OWN | {"oov_id": -1}, "oov_id must be null or"),
    (OWN | {"oov_id": 1 << 40}, "oov_id must be null or"),
    (OWN | {"oov_id": None}, "belong together"),
    (OWN | {"oov_token": None}, "belong together"),
    (OWN | {"oov_id": 2}, "does not have oov_token '?' at id 2"),
    (OWN | {"oov_id": 9}, "does not have oov_token '?' at id 9"),
    (OWN | {"vocabulary": "abc"}, "tokenizer.vocabulary is not a list"),
    (OWN | {"vocabulary": ["?", 7]}, "tokenizer.vocabulary[1] is not a string"),
    (OWN | {"vocabulary": ["?", ["a"]]}, "tokenizer.vocabulary[1] is not a string"),
    (OWN | {"vocabulary": ["?", "a", "a"]}, "'a' has the ids 2 and 3"),
]


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_refuses_what_is_not_its_format(data, message):
    with pytest.raises(TokenizerError, match=r"^tokenizer") as caught:
        Tokenizer.from_json(json.dumps(data))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


NOT_ITS_FORMAT = {
    "Keras'": '{"class_name": "Tokenizer", "config": {"word_index": {"a": 1}}}',
    "a list": '["", "[UNK]", "the"]',
    "no JSON": "the\ncat\n",
    "a key twice": json.dumps(OWN)[:-1] + ', "lower": true}',
    "NaN": json.dumps(OWN | {"oov_id": float("nan")}),
}


@pytest.mark.parametrize("text", NOT_ITS_FORMAT.values(), ids=NOT_ITS_FORMAT)
def test_reads_no_other_format(text):
    with pytest.raises(TokenizerError):
        Tokenizer.from_json(text)


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
        "import sys; from edgeword.tokenizers.tokenizer import Tokenizer;"
        f"Tokenizer.from_json({Tokenizer.fit(['a']).to_json()!r});"
        "print(sorted({'keras', 'tensorflow', 'edgeword.tokenizers.foreign'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
