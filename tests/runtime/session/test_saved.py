"""Snapshots of sessions: what stands in them, as docs/bundle-format.md has it, and what is refused."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeword
from edgeword import Tokenizer, UsageError
from tests import tiny
from tests.golden import FOLDER
from tests.runtime.changed import edit_manifest, replace_file
from tests.runtime.session.standing import BUNDLES, MODELS, assert_same, model

TEXT = "The cell reads a zebra, and kee"
BLOB = model("step", "litert").session(TEXT).snapshot()


def bound(bundle: Path) -> bytes:
    """The binding, by another hand than the package's."""
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))

    def canonical(value, key=""):
        if key in ("start", "logprobs"):
            return [struct.pack(">d", number).hex() for number in value]
        if isinstance(value, dict):
            return {name: canonical(each, name) for name, each in value.items()}
        return [canonical(each) for each in value] if isinstance(value, list) else value

    text = json.dumps(canonical(manifest["spec"]), sort_keys=True).replace(" ", "")
    return hashlib.sha256(text.encode() + hashlib.sha256((bundle / "tokenizer.json").read_bytes()).digest()).digest()


@pytest.mark.parametrize("name", BUNDLES)
def test_a_snapshot_has_the_layout_of_the_specification(name):
    blob = model(name, "onnx").session(TEXT).snapshot()
    tokens, unread, values, letters = struct.unpack("<4I", blob[44:60])
    assert blob[:44] == b"edgewses" + struct.pack("<I", 1) + bound(FOLDER / name)
    assert len(blob) == 60 + 4 * (tokens + unread + values) + letters + 32
    assert hashlib.sha256(blob[:-32]).digest() == blob[-32:]
    ids = struct.unpack(f"<{tokens + unread}i", blob[60 : 60 + 4 * (tokens + unread)])
    expected = tiny.TOKENIZER.encode("The cell reads a zebra, and")
    assert list(ids[:tokens]) == expected
    assert list(ids[tokens:]) == (expected[-1:] if name == "step" else expected)
    assert blob[-32 - letters : -32] == b"kee"
    state = np.frombuffer(blob, "<f4", values, 60 + 4 * (tokens + unread))
    assert len(state) == (64 if name == "step" else 0)
    assert np.isfinite(state).all()


@pytest.mark.parametrize(("name", "engine"), MODELS)
@pytest.mark.parametrize("precision", ["float32", "dynamic-int8"])
def test_a_snapshot_goes_on_in_another_precision(name, engine, precision):
    lm = model(name, engine, precision)
    session = lm.session(model(name, "litert").session(TEXT).snapshot())
    assert (session.tokens, session.begun) == (7, "kee")
    session.feed("ps ")
    assert session.tokens == 7
    session.rewind(5)
    assert_same(session, lm.session("the cell "))


@pytest.mark.parametrize("text", ["", " ", "the", "the cell ", "\ud800 x \ud800", "é", "word " * 100])
def test_a_snapshot_is_the_session(text):
    lm = model("step", "litert")
    session = lm.session(text)
    assert_same(lm.session(session.snapshot()), session)
    assert lm.session(session.snapshot()).snapshot() == session.snapshot()


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind_are_read(kind):
    assert model("step", "litert").session(kind(BLOB)).begun == "kee"


@settings(max_examples=200)
@given(st.integers(0, len(BLOB) - 1), st.integers(1, 255))
def test_any_other_byte_is_refused(place, change):
    damaged = bytearray(BLOB)
    damaged[place] ^= change
    with pytest.raises(UsageError, match=r"is damaged; take it|no session's snapshot"):
        model("step", "litert").session(bytes(damaged))


@pytest.mark.parametrize("length", [0, 1, 8, 11, 12, 40, 44, 60, 91, len(BLOB) - 1])
def test_a_torn_snapshot_is_refused(length):
    with pytest.raises(UsageError, match=r"is damaged; take it|no session's snapshot"):
        model("step", "litert").session(BLOB[:length])
    with pytest.raises(UsageError, match="is damaged"):
        model("step", "litert").session(BLOB + BLOB[:length] + b"\0")


def signed(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()


def with_numbers(place: int, layout: str, *numbers: float) -> bytes:
    """The blob with other numbers at a place, and the right checksum."""
    content = bytearray(BLOB[:-32])
    struct.pack_into(layout, content, place, *numbers)
    return signed(bytes(content))


STRANGE = {
    "a newer version": (
        with_numbers(8, "<I", 2),
        "has version 2 and this edgeword reads up to 1; pip install --upgrade",
    ),
    "a newer version that is short": (signed(b"edgewses" + struct.pack("<I", 7)), "has version 7"),
    "version 0": (with_numbers(8, "<I", 0), "not as any edgeword writes it"),
    "nothing after the version": (signed(BLOB[:12]), "not as any edgeword writes it"),
    "a begun word that is no text": (with_numbers(len(BLOB) - 35, "<B", 0xC4), "a begun word that is not UTF-8"),
    "more tokens than there are": (with_numbers(44, "<I", 2**32 - 1), "not as any edgeword writes it"),
    "another count of values": (with_numbers(44, "<III", 5, 1, 65), "states that the bundle has not"),
    "no state": (with_numbers(44, "<III", 6, 65, 0), "ids that the bundle has not"),
    "an id that is none": (with_numbers(60, "<i", 42), "ids that the bundle has not"),
    "an id below all": (with_numbers(60, "<i", -2), "ids that the bundle has not"),
    "an unread id that is none": (with_numbers(60 + 4 * 6, "<i", -1), "no id of the vocabulary"),
    "text": (b"the cell", "no session's snapshot"),
}


@pytest.mark.parametrize(("blob", "fragment"), STRANGE.values(), ids=STRANGE)
def test_a_strange_snapshot_is_refused_in_one_line(blob, fragment):
    with pytest.raises(UsageError) as refusal:
        model("step", "litert").session(blob)
    assert fragment in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["replay", "window", "all_precisions"])
def test_another_bundle_refuses_it(name):
    with pytest.raises(UsageError, match="of another bundle"):
        model(name, "litert").session(BLOB)


def test_a_bundle_with_another_tokenizer_refuses_it(bundle):
    replace_file(bundle, "tokenizer.json", Tokenizer(tiny.TOKENIZER.vocabulary).to_json().encode())
    with pytest.raises(UsageError, match="of another bundle"):
        edgeword.load(bundle, "litert", "float32").session(BLOB)


def test_a_bundle_with_other_facts_and_the_same_spec_takes_it(bundle):
    edit_manifest(bundle, lambda data: data.update(name="renamed", created="later"))
    assert edgeword.load(bundle, "litert", "float32").session(BLOB).begun == "kee"
