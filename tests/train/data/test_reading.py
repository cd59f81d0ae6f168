"""Corpora as people have them: files, folders, JSON lines, compressed, from standard input; and what is refused."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword import EdgewordError, InputFileError
from edgeword.choice.choosing import EdgewordWarning
from edgeword.tokenizers.markers import UNKNOWN_MARK, Markers
from edgeword_train.data import text_files
from edgeword_train.data.corpus import load_corpus
from edgeword_train.data.reading import Reading
from edgeword_train.data.reading_bar import ReadingBar, warnings_on
from edgeword_train.data.text_files import read_texts
from edgeword_train.data.token_lines import token_lines
from edgeword_train.options import TrainingOptions

LINES = ["The cell reads a word.", "It keeps a state.", "The state is kept: it's the cell's."]
TEXT = "\n".join(LINES) + "\n"
JSON_LINES = "".join(json.dumps({"id": 1, "text": line, "body": line.upper()}) + "\n" for line in LINES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "b.txt").write_text(LINES[1], encoding="utf-8")
    (tmp_path / "a.TXT.gz").write_bytes(gzip.compress(LINES[0].encode()))
    (tmp_path / "more" / "deep" / "c.jsonl.gz").write_bytes(gzip.compress(JSON_LINES.encode()))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0")
    return tmp_path


def test_a_folder_is_the_text_in_it_in_the_order_of_its_paths(folder: Path) -> None:
    assert list(read_texts([folder])) == [LINES[0], LINES[1], *LINES]
    assert list(read_texts([folder / "more", folder / "b.txt"])) == [*LINES, LINES[1]]


def test_a_field_of_json_lines_is_named(folder: Path) -> None:
    assert list(read_texts([folder / "more"], "body")) == [line.upper() for line in LINES]


@pytest.mark.parametrize(("given", "field"), [(TEXT, None), (JSON_LINES, "text")])
def test_standard_input_is_read_once(given: str, field: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    corpus = load_corpus(["-"], TrainingOptions(field=field))
    lines = [corpus.tokenizer.decode(ids).strip() for ids in (*corpus.trained, *corpus.held_out)]
    assert sorted(lines) == sorted(LINES)


BAD = {
    "cut.txt.gz": (gzip.compress(TEXT.encode() * 99)[:60], "cut.txt.gz is cut off"),
    "no.txt.gz": (b"text", "no.txt.gz is damaged, or no gzip file"),
    "long.txt": (b"a line\n" + b"word " * 30, r"long.txt has a line of more than 100 bytes \(from byte 7 .*fold"),
    "binary.txt": (b"a line\nELF\0\1", "'binary.txt' is not UTF-8 text: byte 10 is 0x00"),
    "latin.txt": (b"a line\nna\xefve", "'latin.txt' is not UTF-8 text: byte 9 is 0xEF.*iconv -f ISO-8859-1"),
    "7.jsonl": (b'{"text": "a"}\n' * 6 + b'{"body": "b"}', "line 7 of 7.jsonl has no text in a field 'text'.*body"),
    "number.jsonl": (b'{"text": 3}', "line 1 of number.jsonl has no text in a field 'text'.*none"),
    "list.jsonl": (b"[1]", "line 1 of list.jsonl has no text"),
    "broken.jsonl": (b'{"text": "a"}\n{"text', "line 2 of broken.jsonl is no JSON"),
    "blank.txt": (b" \n\n", "No line of 'blank.txt' holds text"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, message = BAD[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(text_files, "LONGEST_LINE", 100)
    Path(name).write_bytes(content)
    with pytest.raises(EdgewordError, match=message) as caught:
        list(read_texts([name]))
    assert "\n" not in str(caught.value)


MARKED = {
    "a <unk> word and [UNK]": f"a {UNKNOWN_MARK} word and {UNKNOWN_MARK}",
    "<s> a word </s> <pad> <pad>": "a word",
    "= Homarus gammarus =": "",
    "= = Description = =": "",
    "== History ==": "",
    "red @-@ tipped 1 @,@ 000 0 @.@ 7": "red-tipped 1,000 0.7",
    'A ( B ) , " C D " , the city \'s $ 3 ; end .': 'A (B), "C D", the city \'s $3; end.',
    "Bonjour ! Et voil\u00e0 : fini": "Bonjour ! Et voil\u00e0 : fini",
    "a = b and x == y": "a = b and x == y",
    "mail a@b.de, if a < b": "mail a@b.de, if a < b",
}


@pytest.mark.parametrize("line", MARKED)
def test_markers_are_no_words(line: str) -> None:
    markers = Markers(keep=False)
    assert markers.read(line) == MARKED[line]
    assert (markers.warning is None) == (line == MARKED[line])
    kept = Markers(keep=True)
    assert kept.read(line) == line
    assert kept.warning is None or "--markers drop" in kept.warning


@pytest.mark.parametrize("tokens", ["text", "word", "char"])
def test_a_marked_unknown_word_is_unknown_and_no_word(tokens: str, tmp_path: Path) -> None:
    file = tmp_path / "wiki.txt"
    file.write_text("= Title =\n\n" + "a <unk> of the sea\nthe sea , the <unk>\n" * 20, encoding="utf-8")
    with pytest.warns(EdgewordWarning, match=r"markers: 40 unknown words.*1 headings.*--markers keep") as caught:
        corpus = load_corpus([file], TrainingOptions(tokens=tokens))
    assert len(caught) == 1
    tokenizer = corpus.tokenizer
    known = {tokenizer.word(each) for each in range(1, tokenizer.vocab_size) if each != tokenizer.oov_id}
    assert not {"unk", "<unk>", "<", UNKNOWN_MARK, "title"} & known
    assert sum(ids.count(tokenizer.oov_id) for ids in (*corpus.trained, *corpus.held_out)) == 40


def test_markers_may_be_kept(tmp_path: Path) -> None:
    file = tmp_path / "wiki.txt"
    file.write_text("a <s> of the sea\n" * 20, encoding="utf-8")
    with pytest.warns(EdgewordWarning, match=r"40|20 marks.*kept"):
        corpus = load_corpus([file], TrainingOptions(markers="keep"))
    assert corpus.tokenizer.id("<") != corpus.tokenizer.oov_id


def test_a_vocabulary_that_is_larger_than_the_text_has_is_said(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(TEXT, encoding="utf-8")
    with pytest.warns(EdgewordWarning, match="tokens for 17 ids: a vocabulary of 10,000 keeps all"):
        load_corpus([file], TrainingOptions(vocab_size=10_000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_corpus([file], TrainingOptions(vocab_size=17))


def test_a_text_of_its_own_is_measured_on(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "b.txt").write_text("The cell reads zebras.\n", encoding="utf-8")
    corpus = load_corpus([tmp_path / "a.txt"], TrainingOptions(eval=str(tmp_path / "b.txt")))
    assert len(corpus.trained) == len(LINES)
    assert [corpus.tokenizer.decode(ids) for ids in corpus.held_out] == ["The cell reads <unk>.\n"]
    assert [source.name for source in corpus.sources] == ["a.txt", "b.txt"]
    (tmp_path / "b.txt").write_text("zebras\n", encoding="utf-8")
    with pytest.raises(EdgewordError, match="--eval"):
        load_corpus([tmp_path / "a.txt"], TrainingOptions(tokens="word", eval=str(tmp_path / "b.txt")))


@given(st.lists(st.lists(st.integers(0, 99_999), max_size=5), max_size=9), st.sampled_from([65_536, 65_537, 100_000]))
def test_lines_of_ids_are_those_that_were_given(lines: list[list[int]], vocabulary: int) -> None:
    lines = [[token % vocabulary for token in line] for line in lines]
    held = token_lines(iter(lines), vocabulary)
    assert list(held) == lines
    assert len(held) == len(lines)
    assert held.tokens == sum(map(len, lines))
    assert held.ids.dtype.itemsize == (2 if vocabulary <= 65_536 else 4)
    assert list(held.first(7)) == lines[: max(1, len(held.first(7)))]
    assert len(held) == 0 or held.first(7).tokens <= max(7, len(lines[0]))
    even = np.arange(len(lines)) % 2 == 0
    assert list(held.where(even)) == list(held[::2]) == lines[::2]


@pytest.mark.parametrize("tokens", [2, 100_000])
def test_a_full_temporary_folder_is_said(tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: Path("/dev/full").open("wb"))  # noqa: SIM115
    with pytest.raises(InputFileError, match=r"^cannot write to .*: No space left on device; .* TMPDIR$"):
        token_lines([[2] * tokens], 10)


def test_reading_is_reported_by_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the cell reads\n" * 2500, encoding="utf-8")
    seen: list[Reading] = []
    load_corpus([tmp_path / "a.txt"], TrainingOptions(), seen.append)
    assert [reading.lines for reading in seen] == [1000, 2000, 2500]
    assert seen[0].done == pytest.approx(0.4, abs=0.01)
    assert seen[-1].done == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "drawn"), [(Terminal(), True), (io.StringIO(), False)])
def test_the_bar_is_for_terminals_and_warnings_are_lines(stream: io.StringIO, drawn: bool) -> None:
    with ReadingBar(stream) as bar:
        bar.draw(Reading(1000, 0.25))
        bar.draw(Reading(4000, 1.0))
    assert ("[######------------------]  25%  1,000 lines" in stream.getvalue()) == drawn
    assert not drawn or stream.getvalue().endswith("\r\x1b[K")
    with warnings_on(stream):
        warnings.warn("the text holds markers", EdgewordWarning, stacklevel=1)
    assert stream.getvalue().endswith("edgeword: the text holds markers\n")
