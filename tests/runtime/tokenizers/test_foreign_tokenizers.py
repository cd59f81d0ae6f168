"""Tokenizers that others wrote: Keras' JSON and plain vocabularies, and what of them is refused."""

import json

import pytest

from edgeword.errors import InputFileError, TokenizerError
from edgeword.tokenizers.foreign import from_json, read_tokenizer
from edgeword.tokenizers.tokenizer import Tokenizer

OOV = {"oov_token": "?"}
# What `to_json` of Keras 3.15's Tokenizer(oov_token="?") gives after fit_on_texts(["the cat the"]).
KERAS = r"""
{"class_name": "Tokenizer", "config": {"num_words": null, "filters": "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n",
"lower": true, "split": " ", "char_level": false, "oov_token": "?", "document_count": 1,
"word_counts": "{\"the\": 2, \"cat\": 1}", "word_docs": "{\"the\": 1, \"cat\": 1}",
"index_docs": "{\"2\": 1, \"3\": 1}", "index_word": "{\"1\": \"?\", \"2\": \"the\", \"3\": \"cat\"}",
"word_index": "{\"?\": 1, \"the\": 2, \"cat\": 3}"}}
""".strip()


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


def with_word_index_as_object(text):
    data = json.loads(text)
    data["config"]["word_index"] = json.loads(data["config"]["word_index"])
    return json.dumps(data, indent=2)


@pytest.mark.parametrize("written", [str, json.dumps, with_word_index_as_object], ids=["plain", "nested", "object"])
@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer"])
def test_reads_keras_files(tmp_path, written, name):
    (tmp_path / name).write_text(written(KERAS), "utf-8")
    assert read_tokenizer(tmp_path / name) == Tokenizer.fit(["the cat the"], **OOV)


def test_reads_its_own_file(tmp_path):
    tokenizer = Tokenizer.fit(["ein Kätzchen"], **OOV)
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_json(), "utf-8")
    assert read_tokenizer(tmp_path / "tokenizer.json") == tokenizer


KERAS_REFUSED = [
    ({"word_index": None}, "word_index must be an object"),
    ({"word_index": "[]"}, "word_index must be an object"),
    ({"word_index": "{"}, "not a tokenizer in JSON"),
    ({"word_index": {"a": 0}}, "'a' has the id 0"),
    ({"word_index": {"a": 1.5}}, "'a' has the id 1.5"),
    ({"word_index": {"a": 1 << 40}}, "ids run from 1"),
    ({"word_index": {"a": 1, "b": 1}}, "'a' and 'b' both have the id 1"),
    ({"oov_token": "<oov>"}, "call fit_on_texts"),
    ({"oov_token": True}, "its oov_token True is not in word_index"),
    ({"char_level": 1}, "char_level must be true or false"),
    ({"num_words": -1}, "num_words must be null or 1 to"),
    ({"num_words": 2.0}, "num_words must be null or 1 to"),
    ({"split": None}, "split must be text"),
    ({"filters": ["a"]}, "filters must be text"),
    ({"stemmer": "porter"}, "unknown option 'stemmer'"),
]


@pytest.mark.parametrize(("change", "message"), KERAS_REFUSED)
def test_refuses_what_keras_could_not_mean(change, message):
    data = json.loads(KERAS)
    data["config"] |= {"oov_token": None} | change
    with pytest.raises(TokenizerError) as caught:
        from_json(json.dumps(data))
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
