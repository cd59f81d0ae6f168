"""Tokenizers as people keep them give the ids that their Keras gave, and no file's code is run."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.legacy.preprocessing.text import Tokenizer as KerasTokenizer

from edgeword.errors import InputFileError, TokenizerError
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.options import ExportOptions
from edgeword_export.source.opening import open_source
from edgeword_export.tokenizer_files.reading import read_any_tokenizer
from edgeword_export.tokenizer_files.vocabularies import fillers
from tests import tiny

FOLDER = Path(__file__).parent / "tokenizer_files"
SAID = json.loads((FOLDER / "ids.json").read_text("utf-8"))
LINES = ["the cat sat on the mat", "the dog, the cat"]


def fitted(**options):
    tokenizer = KerasTokenizer(**options)
    tokenizer.fit_on_texts(LINES)
    return tokenizer


def written(tmp_path, value, name="tokenizer.pkl"):
    path = tmp_path / name
    if path.suffix == ".npy":
        np.save(path, value)
    elif path.suffix == ".json":
        path.write_text(json.dumps(value), "utf-8")
    else:
        path.write_bytes(pickle.dumps(value))
    return path


@pytest.mark.parametrize("file", SAID["ids"])
def test_a_pickle_of_any_keras_gives_the_ids_that_it_gave(file):
    tokenizer = read_any_tokenizer(FOLDER / file)
    assert [tokenizer.encode(text) for text in SAID["texts"]] == SAID["ids"][file]


WORDS = {"the": 1, "cat": 2, "sat": 3}
LETTERS = {"a": 1, "b": 2, " ": 3}
NUMPY_WORDS = {word: np.int64(word_id) for word, word_id in WORDS.items()}
BY_ID = {word_id: word for word, word_id in WORDS.items()}
HELD = {
    "a dict": (WORDS, "a.pkl"),
    "NumPy integers": (NUMPY_WORDS, "a.pkl"),
    "words by id": (BY_ID, "a.pkl"),
    "a tuple with a length": ((WORDS, 23), "a.pkl"),
    "both directions": ((WORDS, BY_ID, 40), "a.pkl"),
    "both directions, by name": ({"word_to_idx": WORDS, "idx_to_word": BY_ID, "maxlen": 7}, "a.pkl"),
    "a dict with settings": ({"word_index": WORDS, "config": {"units": 2, "layers": 1}}, "a.pkl"),
    "a dict with counts": ({"word_index": WORDS, "word_counts": {"the": 3, "cat": 2, "sat": 1}}, "a.pkl"),
    "deeper": ({"data": {"tokenizer": {"word_index": WORDS}}}, "a.pkl"),
    "an .npy of a dict": (WORDS, "a.npy"),
    "JSON of a dict": (WORDS, "a.json"),
    "JSON of words by id": (BY_ID, "a.json"),
    "JSON in camel case": ({"wordIndex": WORDS, "maxLength": 20}, "a.json"),
    "JSON of a list": (["", "the", "cat", "sat"], "a.json"),
    "an .npy of words": (np.array(["", "the", "cat", "sat"]), "a.npy"),
    "a pickled array of words": (np.array(["", "the", "cat", "sat"]), "a.pkl"),
    "a pickled array of objects": (np.array(["", "the", "cat", "sat"], object), "a.pkl"),
    "padding with a name": ({"<PAD>": 0, **WORDS}, "a.pkl"),
}


@pytest.mark.parametrize(("value", "name"), HELD.values(), ids=HELD)
def test_a_vocabulary_is_found_in_what_holds_it(value, name, tmp_path):
    tokenizer = read_any_tokenizer(written(tmp_path, value, name))
    assert tokenizer.encode("The cat sat!") == [1, 2, 3]
    assert tokenizer.level == "word"
    assert tokenizer.decode([1, 2]) == "the cat"


@pytest.mark.parametrize(
    "value",
    [
        LETTERS,
        {"char_to_idx": LETTERS, "idx_to_char": {1: "a", 2: "b", 3: " "}},
        {"": 0, **LETTERS},
        {"PAD": 0, **LETTERS},
    ],
)
def test_single_characters_are_a_tokenizer_of_characters(value, tmp_path):
    tokenizer = read_any_tokenizer(written(tmp_path, value))
    assert tokenizer.level == "char"
    assert tokenizer.encode("b a") == [2, 3, 1]


def test_a_list_of_characters_whose_first_is_padding(tmp_path):
    tokenizer = read_any_tokenizer(written(tmp_path, ["<pad>", "a", "b", "c"], "a.json"))
    assert (tokenizer.level, tokenizer.encode("cab")) == ("char", [3, 1, 2])


@pytest.mark.parametrize("value", [["a", "b", " "], {"a": 0, "b": 1, " ": 2}, {0: "a", 1: "b", 2: " "}])
@pytest.mark.parametrize("name", ["a.pkl", "a.npy"])
def test_characters_numbered_from_0(value, name, tmp_path):
    tokenizer = read_any_tokenizer(written(tmp_path, value, name))
    assert (tokenizer.level, tokenizer.encode("b a"), tokenizer.decode([0, 2, 1])) == ("char", [1, 2, 0], "a b")


def test_a_word_beyond_num_words_is_said_and_not_read(tmp_path):
    keras_tokenizer = fitted(num_words=3)
    tokenizer = read_any_tokenizer(written(tmp_path, keras_tokenizer))
    assert tokenizer.encode("the cat sat") == [1, 2]
    assert tokenizer.word(3) == keras_tokenizer.index_word[3]


def test_words_say_what_is_lowercased_and_what_separates(tmp_path):
    tokenizer = read_any_tokenizer(written(tmp_path, {"Don't": 1, "stop.": 2, "<unk>": 3}))
    assert tokenizer.encode("Don't stop. now") == [1, 2, 3]
    assert tokenizer.oov_token == "<unk>"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda t: t,
        lambda t: (t, 23),
        lambda t: [t, {"max_len": 3, "vocab": 5}],
        lambda t: {"tokenizer": t, "max_sequence_len": 9},
        vars,
        lambda t: t.get_config(),
    ],
)
def test_a_tokenizer_is_found_beside_other_things(wrap, tmp_path):
    keras_tokenizer = fitted(oov_token="<OOV>", num_words=5)
    tokenizer = read_any_tokenizer(written(tmp_path, wrap(keras_tokenizer)))
    text = "the dog sat on a mat"
    assert tokenizer.encode(text) == keras_tokenizer.texts_to_sequences([text])[0]


LIVE = {
    "a Tokenizer": fitted,
    "a Tokenizer's num_words": lambda: fitted(num_words=4),
    "a dict": lambda: fitted().word_index,
}


@pytest.mark.parametrize("make", LIVE.values(), ids=LIVE)
def test_a_live_tokenizer_gives_its_ids(make):
    live = make()
    tokenizer = read_any_tokenizer(live)
    text = "The cat, the dog!"
    owner = live if isinstance(live, KerasTokenizer) else fitted()
    assert tokenizer.encode(text) == owner.texts_to_sequences([text])[0]


@pytest.mark.parametrize("standardize", ["lower_and_strip_punctuation", "lower", "strip_punctuation", None])
@pytest.mark.parametrize("split", ["whitespace", "character"])
def test_a_text_vectorization_layer_gives_its_ids(standardize, split):
    layer = keras.layers.TextVectorization(standardize=standardize, split=split)
    layer.adapt(["The cat's mat.", "a Cat on the mat"])
    text = "The dog's mat, the cat's"
    if split == "character" and standardize in ("lower_and_strip_punctuation", "strip_punctuation"):
        with pytest.raises(TokenizerError, match="standardize"):
            read_any_tokenizer(layer)
        return
    assert read_any_tokenizer(layer).encode(text) == np.asarray(layer([text]))[0].tolist()


@pytest.mark.parametrize("mask_token", ["", None])
@pytest.mark.parametrize("words", [["the", "cat"], ["a", "b", "c"]])
def test_a_string_lookup_gives_its_ids(words, mask_token):
    layer = keras.layers.StringLookup(vocabulary=words, mask_token=mask_token)
    tokenizer = read_any_tokenizer(layer)
    tokens = [*words, "z"]
    assert tokenizer.encode(tokenizer.joiner.join(tokens)) == np.asarray(layer(tokens)).tolist()


FILLERS = {
    "padding at 0": ({"<pad>": 0, "the": 1}, []),
    "padding at the end": ({"the": 0, "cat": 1, "<pad>": 2}, [2]),
    "a word of a text": ({"the": 0, "padding": 1}, []),
    "a space": ({"a": 0, " ": 1}, [1]),
    "a space at 0": ({" ": 0, "a": 1}, []),
}


@pytest.mark.parametrize(("ids", "expected"), FILLERS.values(), ids=FILLERS)
def test_what_a_short_text_may_be_filled_up_with(ids, expected):
    assert fillers(read_any_tokenizer(ids)) == expected


def analyzed():
    return fitted(analyzer=str.split)


@pytest.mark.parametrize(
    "given",
    [lambda: {"<unk>": 0, "the": 1, "cell": 2}, lambda: keras.layers.StringLookup(vocabulary=["the", "cell"])],
    ids=["dict", "StringLookup"],
)
def test_unknown_words_may_have_the_id_0(given):
    tokenizer = read_any_tokenizer(given())
    assert tokenizer.oov_id == 0
    assert tokenizer.encode("the zebra cell") == [1, 0, 2]


REFUSED = {
    "two words at 0": (lambda: {"a": 0, "b": 0}, "both have the id 0"),
    "an analyzer": (analyzed, "analyzer"),
    "an empty Tokenizer": (KerasTokenizer, "fit_on_texts"),
    "another object": (object, "a object is no tokenizer"),
    "a split of one's own": (lambda: keras.layers.TextVectorization(split=str.split), "split="),
    "two ids of a word": (lambda: {"a": 1, "b": 1}, "both have the id"),
}


@pytest.mark.parametrize(("make", "fragment"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_expressed_is_refused(make, fragment):
    with pytest.raises(TokenizerError, match=fragment):
        read_any_tokenizer(make())


FILES_REFUSED = {
    "two vocabularies": ({"en": {"the": 1, "cat": 2}, "fr": {"le": 1, "chat": 2}}, "several vocabularies"),
    "settings": ({"maxlen": 40, "step": 3}, "holds no tokenizer"),
    "nothing": ([], "holds no tokenizer"),
    "a set": ({"a", "b"}, "EMPTY_SET"),
    "a Path": (Path("a"), "pathlib"),
}


@pytest.mark.parametrize(("value", "fragment"), FILES_REFUSED.values(), ids=FILES_REFUSED)
def test_a_file_without_a_tokenizer_is_refused_by_name(value, fragment, tmp_path):
    path = written(tmp_path, value)
    with pytest.raises(TokenizerError, match=fragment) as caught:
        read_any_tokenizer(path)
    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_missing_or_a_pointer_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="cannot read the tokenizer"):
        read_any_tokenizer(tmp_path / "none.pkl")
    (tmp_path / "a.pkl").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "utf-8")
    with pytest.raises(TokenizerError, match="git lfs pull"):
        read_any_tokenizer(tmp_path / "a.pkl")


def test_what_the_runtime_reads_is_read_as_there(tmp_path):
    (tmp_path / "a.json").write_text(Tokenizer.fit(LINES).to_json(), "utf-8")
    (tmp_path / "b.json").write_text(fitted().to_json(), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps(fitted().to_json()), "utf-8")
    (tmp_path / "d.txt").write_text("\n".join(fitted().word_index), "utf-8")
    for name in ("a.json", "b.json", "c.json", "d.txt"):
        assert read_any_tokenizer(tmp_path / name).encode("The cat") == [1, 2]


def test_export_takes_a_live_tokenizer(tmp_path):
    tiny.lstm().save(tmp_path / "model.keras")
    live = {word: place for place, word in enumerate(tiny.TOKENIZER.vocabulary, start=1)}
    source = open_source(tmp_path / "model.keras", ExportOptions(tokenizer=live))
    assert source.tokenizer.encode("the cell reads") == tiny.TOKENIZER.encode("the cell reads")
