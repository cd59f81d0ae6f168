"""Pickles and arrays that somebody made to do harm: refused in one line, and nothing of them is run."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.text import Tokenizer as KerasTokenizer

from edgeword.errors import EdgewordError, TokenizerError
from edgeword_export.tokenizer_files.pickled_objects import MAKERS
from edgeword_export.tokenizer_files.pickles import unpickled
from edgeword_export.tokenizer_files.reading import read_any_tokenizer
from tests.export.test_tokenizer_files import FOLDER, SAID, WORDS, fitted


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
