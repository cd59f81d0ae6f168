"""Text as people write it: what is read of it, and how it is written again."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword.errors import TokenizerError
from edgeword.tokenizers import code_points, scanning
from edgeword.tokenizers.kinds import from_json
from edgeword.tokenizers.text import END_ID, TextTokenizer
from edgeword_train.data.fitting import fit_text
from tests.runtime.tokenizers import make_code_points
from tests.runtime.tokenizers.texts import LINES, texts, tokenizer, tokenizers

TOKENS = {
    "It's 3.14, isn't it?": ["it's", "3.14", ",", "isn't", "it", "?"],
    "1,000 and 1, 2,x": ["1,000", "and", "1", ",", "2", ",", "x"],
    "a well-known e.g. U.S. one": ["a", "well", "-", "known", "e.g", ".", "u.s", ".", "one"],
    "don\u2019t 'quote' snake_case": ["don\u2019t", "'", "quote", "'", "snake_case"],
    "one\n\ntwo\r\nthree\u2028": ["one", "\n", "\n", "two", "\n", "three", "\n"],
    "an <unk> and <UNK>, <unk": ["an", "<unk>", "and", "<unk>", ",", "<", "unk"],
    "\u7f51\u7edc LSTM\u7f51": ["\u7f51", "\u7edc", "lstm", "\u7f51"],
    "\u0130stanbul STRASSE Stra\u00dfe": ["istanbul", "strasse", "stra\u00dfe"],
    "\u039f\u0394\u039f\u03a3 \u03bf\u03b4\u03bf\u03c2": ["\u03bf\u03b4\u03bf\u03c3", "\u03bf\u03b4\u03bf\u03c2"],
    "\u0915\u094d\u200d\u0937": ["\u0915\u094d\u200d\u0937"],
    "\u0645\u06cc\u200c\u062e\u0648": ["\u0645\u06cc\u200c\u062e\u0648"],
    "\u2764\ufe0f\u00a0\ufeff\x00!": ["\u2764", "!"],
    "": [],
}  # fmt: skip


@pytest.mark.parametrize("text", TOKENS)
def test_tokens(text):
    assert tokenizer().tokens(text) == TOKENS[text]


@pytest.mark.parametrize("line", LINES)
def test_text_in_its_usual_form_is_given_back(line):
    assert tokenizer().decode(tokenizer().encode(line)) == line


def test_what_is_written_otherwise_comes_back_as_the_corpus_writes_it():
    read = tokenizer().decode(tokenizer().encode('  the CELL :i  READ paris ,"no"\u2013 IT\'S old .it   costs'))
    assert read == 'The cell: I read Paris, "no" \u2013 it\'s old. It costs'


@given(tokenizers, texts)
def test_decoding_loses_nothing_that_is_read(fitted, text):
    """The law of `docs/text.md`: ids come back, and a text that was decoded once is in its usual form."""
    ids = fitted.encode(text)
    written = fitted.decode(ids)
    assert fitted.encode(written) == ids
    assert fitted.decode(fitted.encode(written)) == written


@given(tokenizers, texts, st.integers(0, 40))
def test_a_text_goes_on_as_if_it_had_been_written_at_once(fitted, text, place):
    ids = fitted.encode(text)
    before, after = ids[: place + 1], ids[place + 1 :]
    speller = fitted.speller(before)
    assert fitted.decode(before) + "".join(map(speller.copy().say, after)) == fitted.decode(ids)


@given(tokenizers, st.lists(texts, max_size=4))
def test_a_typed_text_is_read_as_the_whole_one(fitted, parts):
    parted, begun, tokens = fitted.typed(), "", []
    for letter in "".join(parts):
        finished, begun = parted(begun + letter)
        tokens += [token for part in finished for token in fitted.tokens(part)]
    assert tokens + fitted.tokens(begun) == fitted.tokens("".join(parts))


@given(tokenizers)
def test_a_tokenizer_is_read_as_it_was_written(fitted):
    assert from_json(fitted.to_json()) == fitted


@given(texts)
def test_reading_does_not_depend_on_the_pattern_for_ascii(text):
    whole = scanning.scanner(ascii_only=False).findall(text)
    assert scanning.surfaces(text) == whole
    assert scanning.lowered(text + "\u00c9") == scanning.lowered(text) + "\u00e9"
    assert len(scanning.lowered(text)) == len(text)


def test_a_sentence_begins_with_a_capital_after_quotation_marks_too():
    fitted = fit_text(['He said it. "The cell is new," she said. "It is old."'] * 2 + ["The end. The cell."])
    assert fitted.decode(fitted.encode('the end. "the cell')) == 'The end. "The cell'
    assert fitted.suggested("cell", fitted.encode('the end. "')) == "Cell"
    assert fitted.suggested("cell", fitted.encode("the end")) == "cell"


def test_a_corpus_without_capitals_gets_none():
    fitted = fit_text(["the end. the cell"])
    assert fitted.decode(fitted.encode("The End. The Cell")) == "the end. the cell"


def test_the_table_is_that_of_its_unicode_version():
    if unicodedata.unidata_version != code_points.UNICODE:
        pytest.skip(f"Unicode {unicodedata.unidata_version} here")
    assert make_code_points.FILE.read_text(encoding="utf-8") == make_code_points.make()


def changed(**changes):
    return json.dumps({**json.loads(tokenizer().to_json()), **changes})


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (changed(vocabulary=["a"]), "begins with '<unk>'"),
        (changed(vocabulary=["<unk>", "\n", "a", "A"]), "holds 'a' twice"),
        (changed(vocabulary=["<unk>", "\n", "a", ""]), "is empty"),
        (changed(vocabulary=["<unk>", "\n", "a\nb"]), "line's end"),
        (changed(vocabulary=["<unk>", "\n", 3]), r"vocabulary\[2\] is not a string"),
        (changed(marks={}), "misses 'capital_after'"),
        (changed(level="texts"), "level must be one of word, char, text"),
        (changed(version=2), "newer than 1"),
        (changed(more=1), "unknown key 'more'"),
    ],
)
def test_a_damaged_file_is_refused(file, message):
    with pytest.raises(TokenizerError, match=message):
        from_json(file)


def test_marks_of_ids_that_are_none_are_refused():
    marks = json.loads(tokenizer().to_json())["marks"]
    for strange in (1, 10_000, -1):
        with pytest.raises(TokenizerError, match="the id of no token"):
            from_json(changed(marks={**marks, "paired": [strange]}))


def test_the_line_end_stands_before_a_text():
    assert tokenizer().encode("") == [END_ID] == list(TextTokenizer.start)
    assert tokenizer().decode([END_ID]) == ""
    assert tokenizer().decode(tokenizer().encode("\nthe cell")) == "\nThe cell"
