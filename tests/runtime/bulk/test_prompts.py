"""Prompts: each line of a file is one, whatever stands in it."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword.bulk import prompts as module
from edgeword.bulk.prompts import LONGEST_LINE, Prompt, Prompts, bounded_lines, open_prompts
from edgeword.errors import InputFileError, UsageError

LINES = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(content: bytes, suffix: str = ".txt") -> list[Prompt]:
    stream = io.BytesIO(content)
    return list(Prompts("prompts", stream, stream, module._PARSERS[suffix]))


def head(prompt: Prompt) -> dict:
    return json.loads(prompt.head + "}")


@given(LINES, st.booleans(), st.sampled_from([".txt", ".jsonl"]))
def test_each_line_is_one_prompt(lines, ended, suffix):
    content = b"".join(line + b"\n" for line in lines)
    found = read(content if ended else content.removesuffix(b"\n"), suffix)
    count = len(lines) if ended or not lines or lines[-1] else len(lines) - 1
    assert [prompt.index for prompt in found] == list(range(count))
    assert [head(prompt)["index"] for prompt in found] == list(range(count))


@given(st.lists(st.text().filter(lambda text: not {"\n", "\r", "\ufeff"} & {*text})))
def test_text_is_the_line_as_it_stands(texts):
    found = read("".join(f"{text}\n" for text in texts).encode("utf-8", "replace"))
    assert [prompt.text.encode() for prompt in found] == [text.encode("utf-8", "replace") for text in texts]


@given(st.text(), st.dictionaries(st.text(), JSON))
def test_other_keys_are_carried_along(text, others):
    line = json.dumps({**others, "prompt": text})
    (prompt,) = read(line.encode(), ".jsonl")
    if prompt.error is not None:
        assert "surrogate" in prompt.error
        return
    assert prompt.text == text
    carried = {key: value for key, value in others.items() if key not in module.OWN_KEYS}
    assert head(prompt) == {"index": 0, "prompt": text, **carried}


UNUSABLE = {
    "latin-1": (".txt", b"caf\xe9", "not UTF-8 (at 3)"),
    "latin-1 in JSON": (".jsonl", b'{"prompt": "caf\xe9"}', "not UTF-8 (at 15)"),
    "too long": (".txt", b"a" * (LONGEST_LINE + 1), "longer than 1048576 bytes"),
    "too long in JSON": (".jsonl", b'{"prompt": "' + b"a" * LONGEST_LINE + b'"}', "longer than"),
    "half a line of JSON": (".jsonl", b'{"prompt": "the', "not JSON"),
    "empty line": (".jsonl", b"", "not JSON"),
    "a list": (".jsonl", b'["the"]', "no JSON object"),
    "no prompt": (".jsonl", b'{"text": "the"}', '"prompt" is missing'),
    "a number": (".jsonl", b'{"prompt": 5}', '"prompt" is no string'),
    "null": (".jsonl", b'{"prompt": null}', '"prompt" is no string'),
    "not a number": (".jsonl", b'{"prompt": "the", "x": NaN}', "NaN is no JSON number"),
    "twice": (".jsonl", b'{"prompt": "the", "prompt": "cell"}', "occurs twice"),
    "half a pair": (".jsonl", rb'{"prompt": "\ud83d"}', "half of a surrogate pair"),
    "half a pair elsewhere": (".jsonl", rb'{"prompt": "the", "x": "\ude00"}', "half of a surrogate pair"),
    "deep": (".jsonl", b'{"prompt": "the", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ""),
    "large": (".jsonl", b'{"prompt": "the", "x": ' + b"9" * 4000 + b"e9}", "cannot be read: 999"),
    "half a pair twice": (".jsonl", rb'{"prompt": "the", "\ud83d": 1, "\ud83d": 2}', "occurs twice"),
    "digits": (".jsonl", b'{"prompt": "the", "x": ' + b"9" * 5000 + b"}", "not JSON"),
}


@pytest.mark.parametrize(("suffix", "line", "fragment"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_line_that_cannot_be_used_says_why_and_the_next_is_read(suffix, line, fragment):
    good = {".txt": b"the cell", ".jsonl": b'{"prompt": "the cell"}'}[suffix]
    before, found, after = read(b"\n".join([good, line, good]), suffix)
    assert (before.error, after.error) == (None, None)
    assert (after.index, after.text) == (2, "the cell")
    assert fragment in found.error
    assert head(found)["index"] == 1


def test_keys_of_an_unusable_prompt_are_carried_along():
    (prompt,) = read(b'{"id": 7, "prompt": 5}', ".jsonl")
    assert head(prompt) == {"index": 0, "id": 7}


def test_the_longest_line_is_a_prompt():
    for end in (b"", b"\n", b"\r\n"):
        (prompt,) = read(b"a" * LONGEST_LINE + end)
        assert (prompt.error, len(prompt.text)) == (None, LONGEST_LINE)


def test_a_mark_of_byte_order_and_ends_of_windows_are_no_text():
    assert [prompt.text for prompt in read(b"\xef\xbb\xbfthe\r\ncell\r\n\r\n")] == ["the", "cell", ""]


class Zeros(io.RawIOBase):
    """As many zeros as are asked for, and no memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = bytes(count)
        self.left -= count
        return count


def test_a_line_without_an_end_takes_no_memory():
    tracemalloc.start()
    try:
        (line,) = bounded_lines(io.BufferedReader(Zeros(200 * 2**20)))
        assert tracemalloc.get_traced_memory()[1] < 8 * LONGEST_LINE
    finally:
        tracemalloc.stop()
    assert len(line) == LONGEST_LINE + 1


@pytest.mark.parametrize("name", ["prompts.txt", "prompts.TXT", "prompts.txt.gz", "prompts.jsonl", "prompts.jsonl.GZ"])
def test_files_by_their_names(tmp_path, name):
    content = b'{"prompt": "the"}\n{"prompt": "cell"}\n' if "jsonl" in name else b"the\ncell\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.lower().endswith(".gz") else content)
    with open_prompts(path) as prompts:
        assert [prompt.text for prompt in prompts] == ["the", "cell"]


def on_standard_input(content: bytes, monkeypatch) -> list[Prompt]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    with open_prompts("-") as prompts:
        return list(prompts)


@pytest.mark.parametrize("first", [b'{"prompt": "the"}', b'\xef\xbb\xbf{"id": 1, "prompt": "the"}'])
def test_standard_input_is_json_where_its_first_line_is(monkeypatch, first):
    the, broken = on_standard_input(first + b"\ncell\n", monkeypatch)
    assert (the.text, the.error) == ("the", None)
    assert broken.error is not None


@pytest.mark.parametrize("first", [b"the", b"", b"{", b'{"text": "the"}', b'"the"'])
def test_standard_input_is_text_else(monkeypatch, first):
    prompts = on_standard_input(first + b'\n{"prompt": "the"}\n', monkeypatch)
    assert [prompt.text for prompt in prompts] == [first.decode(), '{"prompt": "the"}']


def test_no_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="no standard input"), open_prompts("-"):
        pass


@pytest.mark.parametrize("name", ["prompts", "prompts.csv", "prompts.gz", "prompts.csv.gz", ".txt"])
def test_other_names_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"the")
    with (
        pytest.raises(UsageError, match=r"prompts are \.txt, \.jsonl, or \.gz of these"),
        open_prompts(tmp_path / name),
    ):
        pass


def test_a_folder_and_nothing_are_refused(tmp_path):
    (tmp_path / "folder.txt").mkdir()
    for name in ("folder.txt", "nothing.txt"):
        with pytest.raises(InputFileError, match=f"cannot read .*{name}"), open_prompts(tmp_path / name):
            pass


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: b"x" + data, lambda data: data[:20] + b"xx"])
def test_a_damaged_gz_is_one_line(tmp_path, damage):
    path = tmp_path / "prompts.txt.gz"
    path.write_bytes(damage(gzip.compress(b"the cell\n" * 100)))
    with open_prompts(path) as prompts, pytest.raises(InputFileError, match="cannot read .* to its end"):
        list(prompts)


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 5))
def test_chunks_are_all_the_prompts_in_their_order(lengths, size):
    content = b"".join(b"a" * length + b"\n" for length in lengths)
    stream = io.BytesIO(content)
    chunks = list(Prompts("prompts", stream, stream, module._PARSERS[".txt"]).chunks(itertools.repeat(size)))
    assert [prompt.index for chunk in chunks for prompt in chunk.prompts] == list(range(len(lengths)))
    assert all(len(chunk.prompts) == size for chunk in chunks[:-1])


def test_a_chunk_of_long_prompts_is_short():
    stream = io.BytesIO((b"a" * (LONGEST_LINE // 2) + b"\n") * 6)
    chunks = Prompts("prompts", stream, stream, module._PARSERS[".txt"]).chunks(itertools.repeat(64))
    assert [len(chunk.prompts) for chunk in chunks] == [2, 2, 2]


def test_shares_of_a_file_grow_to_the_whole(tmp_path: Path):
    path = tmp_path / "prompts.txt"
    path.write_bytes(b"the cell\n" * 100)
    with open_prompts(path) as prompts:
        chunks = list(prompts.chunks(itertools.repeat(30)))
    assert [chunk.begins for chunk in chunks] == [0, 0.3, 0.6, 0.9]
    assert [chunk.ends for chunk in chunks] == [0.3, 0.6, 0.9, 1]
