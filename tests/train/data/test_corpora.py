"""The built-in corpora are clean prose, and a text that cannot be read says why in one line."""

import re
import sys
from pathlib import Path

import pytest

from edgeword.errors import EdgewordError, InputFileError, UsageError
from edgeword_train.data.corpora.built_in import CORPORA, read_corpus
from edgeword_train.data.corpora.prose import split_paragraphs
from edgeword_train.data.text_files import read_texts

OPENINGS = (
    "A recurrent network",
    "A long short-term memory",
    "A quantized model",
    "LSTM networks are",
    "On a device",
    "The hidden state is",
)


@pytest.fixture(scope="module")
def primer() -> list[str]:
    return read_corpus("primer")


@pytest.fixture(scope="module")
def python_docs() -> list[str]:
    return read_corpus("python-docs")


def word_count(lines: list[str]) -> int:
    return sum(len(line.split()) for line in lines)


def test_primer_has_the_size_that_a_small_model_needs(primer: list[str]) -> None:
    vocabulary = set(re.findall(r"[a-z0-9]+", " ".join(primer).lower()))
    assert 2500 <= word_count(primer) <= 3200
    assert 600 <= len(vocabulary) <= 800


def test_primer_is_one_thought_a_line(primer: list[str]) -> None:
    assert len(set(primer)) == len(primer)
    for line in primer:
        assert line.isascii()
        assert re.fullmatch(r"[A-Z][^.!?]*[.!?]", line), line
        assert 8 <= len(line.split()) <= 25, line


@pytest.mark.parametrize("opening", OPENINGS)
def test_primer_repeats_its_openings(primer: list[str], opening: str) -> None:
    assert sum(line.startswith(opening) for line in primer) >= 3


def test_python_docs_are_long_and_never_repeat(python_docs: list[str]) -> None:
    assert word_count(python_docs) >= 40_000
    assert len(set(python_docs)) == len(python_docs)


@pytest.mark.parametrize(
    "remnant",
    [
        r">>>",
        r"::=",
        r"={3,}",
        r"\*{3,}",
        r"-{3,}",
        r"\+--",
        r"^\s*[|•]",
        r"  ",
        r"\s\[\d+\]",
        r"[\"`\n]",
        r"^\s*$",
    ],
)
def test_python_docs_hold_no_code_grammar_or_markup(python_docs: list[str], remnant: str) -> None:
    assert [line for line in python_docs if re.search(remnant, line)] == []


def test_python_docs_end_as_sentences_do(python_docs: list[str]) -> None:
    assert [line for line in python_docs if line.rstrip(")'")[-1] not in ".:;!?"] == []


@pytest.mark.parametrize("name", CORPORA)
def test_corpus_is_the_same_at_every_reading(name: str) -> None:
    assert read_corpus(name) == read_corpus(name)


def test_paragraphs_end_where_the_indent_changes_or_a_bullet_begins() -> None:
    block = ["Terms", "   are explained", "   below.", "* One bullet", "  goes on.", "* Another."]
    joined = [paragraph.split() for paragraph in split_paragraphs(block)]
    expected = ["Terms", "are explained below.", "One bullet goes on.", "Another."]
    assert joined == [text.split() for text in expected]


def test_python_without_its_reference_is_an_error_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(InputFileError, match=r"pydoc_data.*primer") as caught:
        read_corpus("python-docs")
    assert "\n" not in str(caught.value)


def test_unknown_corpus_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'novel'.*primer, python-docs"):
        read_corpus("novel")


def test_texts_are_read_in_order_and_stripped(tmp_path: Path, primer: list[str]) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes("\ufeff  one line \r\n\r\n\t\nanother, naïve\n".encode())
    assert list(read_texts([file, "primer", str(file)])) == [
        *["one line", "another, naïve"],
        *primer,
        *["one line", "another, naïve"],
    ]


def test_a_file_goes_before_the_corpus_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("primer").mkdir()
    assert len(list(read_texts(["primer"]))) > 1
    Path("primer").rmdir()
    Path("primer").write_text("my own words\n", encoding="utf-8")
    assert list(read_texts(["primer"])) == ["my own words"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with every kind of file that cannot be trained on."""
    monkeypatch.chdir(tmp_path)
    Path("a folder").mkdir()
    Path("loop.txt").symlink_to("loop.txt")
    Path("latin.txt").write_bytes("a caf\u00e9\n".encode("latin-1"))
    Path("marked.txt").write_bytes(b"\xef\xbb\xbfab\xff")
    Path("wide.txt").write_bytes("wide".encode("utf-16"))
    Path("wide-unmarked.txt").write_bytes("wide".encode("utf-16-le"))
    Path("two\nlines.txt").write_bytes(b"\xff")
    Path("empty.txt").touch()
    Path("blank.txt").write_bytes(b"\xef\xbb\xbf \n\t\r\n")
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("sources", "error", "message"),
    [
        ([], UsageError, r"No text.*primer, python-docs"),
        (["missing.txt"], InputFileError, r"no file 'missing.txt'.*primer, python-docs"),
        (["missing\n.txt"], InputFileError, r"no file 'missing\\n.txt'"),
        (["a folder"], InputFileError, r"'a folder' is a folder without text"),
        (["empty.txt/x"], InputFileError, r"Cannot read 'empty.txt/x': Not a directory; check"),
        (["loop.txt"], InputFileError, r"Cannot read 'loop.txt': .*; check the path"),
        (["nul\0.txt"], InputFileError, r"Cannot read 'nul\\x00.txt': embedded null byte"),
        (["latin.txt"], UsageError, r"'latin.txt' is not.* byte 5 is 0xE9.*iconv -f ISO-8859-1 "),
        (["marked.txt"], UsageError, r"'marked.txt' is not UTF-8.*byte 5 is 0xFF"),
        (["wide.txt"], UsageError, r"byte 0 is 0xFF.*iconv -f UTF-16"),
        (["wide-unmarked.txt"], UsageError, r"byte 1 is 0x00.*iconv -f UTF-16"),
        (["two\nlines.txt"], UsageError, r"'two\\nlines.txt' is not UTF-8"),
        (["empty.txt"], UsageError, r"No line of 'empty.txt' holds text; give"),
        (["primer", "blank.txt"], UsageError, r"No line of 'blank.txt' holds text"),
    ],
)
def test_what_cannot_be_read_says_so_in_one_line(sources: list[str], error: type[EdgewordError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        list(read_texts(sources))
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, EdgewordError)
