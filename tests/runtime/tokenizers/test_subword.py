"""Pieces of words: any text, and only valid text."""

from __future__ import annotations

import functools
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword.errors import TokenizerError, UsageError
from edgeword.extras import MissingExtraError
from edgeword.tokenizers.kinds import from_json
from edgeword.tokenizers.subword import END_ID, SubwordTokenizer
from edgeword_train.data.fitting import fit_subwords
from tests.runtime.tokenizers.texts import LINES, texts

pytest.importorskip("tokenizers")


@functools.cache
def fitted() -> SubwordTokenizer:
    return fit_subwords(LINES * 3, 300)


@given(st.one_of(st.text(), texts))
def test_every_text_is_given_back(text):
    """But for white space at the end of its lines, and lone surrogates, which are no text."""
    expected = "\n".join(line.rstrip() for line in text.split("\n")).encode("utf-8", "replace").decode()
    assert fitted().decode(fitted().encode(text)) == expected
    assert fitted().oov_rate(text) == 0


@given(st.lists(st.integers(-1, 320), max_size=30), st.integers(0, 30))
def test_any_ids_are_valid_text_in_pieces_as_at_once(ids, place):
    text = fitted().decode([END_ID, *ids])
    assert text.encode("utf-8").decode("utf-8") == text
    speller = fitted().speller()
    before = [speller.say(token) for token in ids[:place]]
    assert "".join([*before, *map(speller.copy().say, ids[place:])]) == text


@given(st.one_of(st.text(), texts), st.integers(0, 40))
def test_a_text_goes_on_as_if_it_had_been_written_at_once(text, place):
    ids = fitted().encode(text)
    before, after = ids[: place + 1], ids[place + 1 :]
    assert fitted().decode(before) + "".join(map(fitted().speller(before).say, after)) == fitted().decode(ids)


@given(st.lists(st.one_of(st.text(max_size=5), texts), max_size=4))
def test_a_typed_text_is_read_as_the_whole_one(parts):
    parted, begun, tokens = fitted().typed(), "", []
    for letter in "".join(parts):
        finished, begun = parted(begun + letter)
        tokens += [token for part in finished for token in fitted().tokens(part)]
    assert tokens + fitted().tokens(begun) == fitted().tokens("".join(parts))


def test_bytes_of_a_character_are_held_back_until_it_is_whole():
    ids = fitted().encode("\u7f51")[1:]
    speller = fitted().speller()
    assert [speller.say(token) for token in ids] == ["", "", "\u7f51"]
    assert fitted().decode([END_ID, *ids[:2]]) == ""


def test_a_tokenizer_is_read_as_it_was_written_and_fitted_the_same_twice():
    assert from_json(fitted().to_json()) == fitted()
    assert fit_subwords(LINES * 3, 300) == fitted()
    assert fitted().vocab_size == 300


def test_an_id_for_each_byte_is_needed():
    with pytest.raises(UsageError, match="give 258 or more"):
        fit_subwords(LINES, 257)


def test_the_extra_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[subword\]"):
        from_json(fitted().to_json()).encode("text")


def changed(edit):
    data = json.loads(fitted().to_json())
    edit(data["tokenizers"])
    return json.dumps(data)


def first_id_twice(data):
    data["model"]["vocab"]["!"] = 1


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda data: data["model"].update(type="Unigram"), "model is not BPE"),
        (lambda data: data.update(pre_tokenizer=None), "pre_tokenizer is not ByteLevel"),
        (lambda data: data["pre_tokenizer"].update(add_prefix_space=True), "pre_tokenizer is not ByteLevel"),
        (lambda data: data.update(normalizer={"type": "NFC"}), "its normalizer is"),
        (lambda data: data.update(added_tokens=[{"id": 0}]), "its added_tokens"),
        (lambda data: data["model"]["vocab"].pop("!"), "each byte and each id once"),
        (first_id_twice, "each byte and each id once"),
        (lambda data: data["model"].update(vocab=[1]), "each byte and each id once"),
        (lambda data: data["model"]["merges"].append(["a", "zz"]), "its merges"),
        (lambda data: data["model"].update(merges="a b"), "its merges"),
        (dict.clear, "pre_tokenizer is not ByteLevel"),
    ],
)
def test_a_file_of_another_kind_is_refused(edit, message):
    with pytest.raises(TokenizerError, match=message):
        from_json(changed(edit))
