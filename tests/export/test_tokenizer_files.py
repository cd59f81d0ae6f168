"""Tokenizers as people keep them give the ids that their Keras gave, and no file's code is run."""

from __future__ import annotations

import builtins
import io
import json
import os
import pickle
import pickletools
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.text import Tokenizer as KerasTokenizer

from edgeword.errors import EdgewordError, InputFileError, TokenizerError
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.options import ExportOptions
from edgeword_export.source.opening import open_source
from edgeword_export.tokenizer_files.pickled_objects import MAKERS
from edgeword_export.tokenizer_files.pickles import unpickled
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


@pytest.mark.parametrize("source", [{"<unk>": 0, "the": 1, "cat": 2}, {"[UNK]": 0, "the": 1, "cat": 2}])
def test_unknown_words_may_have_the_id_0(source):
    tokenizer = read_any_tokenizer(source)
    assert tokenizer.encode("the dog cat") == [1, 0, 2]
    assert tokenizer.decode([1, 0, 2]) == "the cat"
    assert Tokenizer.from_json(tokenizer.to_json()).encode("the dog cat") == [1, 0, 2]


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


class Runs:
    """What a hostile pickle is made of."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


HOSTILE = {
    "os.system": pickle.dumps(Runs(os.system, ("touch ran",))),
    "eval": pickle.dumps(Runs(builtins.eval, ("open('ran', 'w')",))),
    "getattr": pickle.dumps(Runs(builtins.getattr, (KerasTokenizer, "__init__"))),
    "a Tokenizer's attribute": b"\x80\x04\x8c\x23keras.src.legacy.preprocessing.text\x8c\x12Tokenizer.__init__\x93.",
    "inside a tokenizer": pickle.dumps({"tokenizer": fitted(), "more": Runs(os.system, ("touch ran",))}),
    "INST": b"(S'touch ran'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'touch ran'\no.",
    "an extension": b"\x82\x01.",
    "a persistent id": b"Pran\n.",
    "int called": b"cbuiltins\nint\n(S'1'\ntR.",
    "a called dict": b"}(tR.",
    "a memory of 4 GB": b"\x80\x02}r\xff\xff\xff\xff.",
    "text of 8 EB": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "a state for a dict": b"}}b.",
    "an empty stack": b"0.",
    "no mark": b"u.",
    "no end": b"}",
    "nothing": b"",
    "defaultdict of code": b"ccollections\ndefaultdict\n(cos\nsystem\ntR.",
    "a dtype of code": b"cnumpy\ndtype\n(S'O8'\ntR.",
    "a scalar of objects": b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'O8'\ntRS'aaaaaaaa'\ntR.",
    "a key that hashes for ever": b"}" + b"(t" + b"2\x86" * 99 + b"Ns.",
    "a number without end": b"L" + b"9" * 9999 + b"L\n.",
}


def npy_header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin1")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<U5', 'fortran_order': False, 'shape': (999999999999,)}",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': ()}",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': ()}",
        "(" * 5000,
        "{'descr': '<M8', 'shape': 3}",
        "",
    ],
)
def test_an_npy_file_with_another_header_is_refused(header, tmp_path):
    (tmp_path / "a.npy").write_bytes(npy_header(header) + bytes(40))
    with pytest.raises(TokenizerError, match="npy"):
        read_any_tokenizer(tmp_path / "a.npy")


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pickle_is_refused_in_one_line_and_not_run(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.pkl", "a.npy"):
        Path(name).write_bytes(npy_header("{'descr': '|O', 'fortran_order': False, 'shape': ()}") * (name == "a.npy"))
        with Path(name).open("ab") as file:
            file.write(content)
        with pytest.raises(TokenizerError) as caught:
            read_any_tokenizer(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert not Path("ran").exists()


def outcome(content, name="fuzzed.pkl"):
    """The tokenizer, or the error's one line, of a file; anything else is raised."""
    path = Path(name)
    path.write_bytes(content)
    try:
        return read_any_tokenizer(path)
    except EdgewordError as error:
        return str(error)


@pytest.fixture(scope="module")
def _own_folder(tmp_path_factory):
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("fuzz"))
    yield
    os.chdir(before)


GOOD = [(FOLDER / file).read_bytes() for file in SAID["ids"]]


@pytest.mark.usefixtures("_own_folder")
@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_mutated_pickle_is_read_or_refused_in_one_line(content, changes):
    changed = bytearray(content)
    for place, value in changes:
        changed[place % len(changed)] = value
    assert "\n" not in str(outcome(bytes(changed)))


def npy_of_words():
    buffer = io.BytesIO()
    np.save(buffer, WORDS, allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.usefixtures("_own_folder")
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_mutated_npy_file_is_read_or_refused_in_one_line(changes):
    changed = bytearray(npy_of_words())
    for place, value in changes:
        changed[place % len(changed)] = value
    assert "\n" not in str(outcome(bytes(changed), "fuzzed.npy"))


_OPCODES = [opcode.code.encode("latin1") for opcode in pickletools.opcodes]
_PIECES = [
    *_OPCODES,
    *(f"c{module}\n{name}\n".encode() for module, name in MAKERS),
    b"cos\nsystem\n",
    b"S'touch ran'\n",
    b"S'i8'\n",
    b"X\x01\x00\x00\x00a",
    b"K\x01",
]


@pytest.mark.usefixtures("_own_folder")
@given(st.lists(st.sampled_from(_PIECES), max_size=40))
def test_random_instructions_run_nothing(pieces):
    assert "\n" not in str(outcome(b"".join(pieces) + b"."))
    assert not Path("ran").exists()


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(min_size=1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(_PLAIN, st.integers(0, 5))
def test_plain_values_come_out_as_pickle_reads_them(value, protocol):
    assert unpickled(pickle.dumps(value, protocol=protocol)) == value


def test_no_class_is_looked_up_by_name(monkeypatch, tmp_path):
    """Reading takes no part of `pickle`, whose `find_class` would import, nor of NumPy's reader."""
    files = {"a.pkl": GOOD[0], "b.pkl": pickle.dumps(WORDS), "c.npy": npy_of_words()}
    for module, name in ((pickle, "Unpickler"), (pickle, "loads"), (pickle, "load"), (np, "load")):
        monkeypatch.setattr(module, name, None)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert read_any_tokenizer(tmp_path / name).vocab_size > 3


def test_export_takes_a_live_tokenizer(tmp_path):
    tiny.lstm().save(tmp_path / "model.keras")
    live = {word: place for place, word in enumerate(tiny.TOKENIZER.vocabulary, start=1)}
    source = open_source(tmp_path / "model.keras", ExportOptions(tokenizer=live))
    assert source.tokenizer.encode("the cell reads") == tiny.TOKENIZER.encode("the cell reads")
