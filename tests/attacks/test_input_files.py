"""Files that a user names: what is no regular file is not waited for, and what is too large is not read."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword import InputFileError, input_files
from edgeword.cli.main import main
from edgeword.input_files import Kind, lines_of, read_bounded, read_text

SMALL = Kind("the file", 10)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def missing(_path: Path) -> None:
    """Nothing."""


def six_gigabytes(path: Path) -> None:
    """Of nothing, which take no room on the disk."""
    path.touch()
    os.truncate(path, 6 << 30)


# What is put in the place of FILE → what is said.
PLACES = {
    "pipe": (pipe, "it is not a regular file"),
    "device": (endless, "it is not a regular file"),
    "folder": (folder, "Is a directory"),
    "missing": (missing, "No such file or directory"),
    "large": (six_gigabytes, "may have no more"),
}
# A command that reads FILE → how it names it.
COMMANDS = {
    "allow": (["generate", "BUNDLE", "the", "--allow", "FILE"], "--allow"),
    "deny": (["suggest", "BUNDLE", "the", "--deny", "FILE"], "--deny"),
    "text": (["evaluate", "BUNDLE", "FILE"], "the text"),
    "key": (["sign", "BUNDLE", "--key", "FILE"], "the key"),
    "trusted key": (["generate", "BUNDLE", "the", "--trusted-key", "FILE"], "the key"),
    "result": (["benchmark", "--from", "FILE"], "the result"),
    "results": (["benchmark", "--compare", "FILE", "FILE"], "the result"),
    "journal": (["bulk", "BUNDLE", "PROMPTS", "--out", "OUT", "--resume"], "the journal"),
}


@pytest.mark.parametrize(("words", "name"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_refuses_it_in_one_line(words, name, bundle, tmp_path, capsys):
    for place, (make, said) in PLACES.items():
        folder = tmp_path / place
        folder.mkdir()
        (folder / "prompts.txt").write_text("the\n", encoding="utf-8")
        (folder / "out.jsonl").write_text("x", encoding="utf-8")
        file = folder / ("out.jsonl.resume" if name == "the journal" else "file")
        make(file)
        places = {"BUNDLE": bundle, "FILE": file, "PROMPTS": folder / "prompts.txt", "OUT": folder / "out.jsonl"}
        assert main([str(places.get(word, word)) for word in words]) == 2
        captured = capsys.readouterr()
        assert (captured.out, len(captured.err.splitlines())) == ("", 1)
        if (name, place) != ("the journal", "missing"):  # nothing is known then of how the run began
            assert name in captured.err
            assert said in captured.err
            assert str(file) in captured.err


@pytest.mark.parametrize("place", ["pipe", "device", "folder", "missing"])
def test_prompts_are_a_regular_file_or_standard_input(place, step_bundle, tmp_path, capsys):
    """They may be as many as the disk holds: they are read one after the other."""
    make, said = PLACES[place]
    make(tmp_path / "prompts.txt")
    assert main(["bulk", str(step_bundle), str(tmp_path / "prompts.txt"), "--out", str(tmp_path / "out")]) == 2
    assert f"cannot read the prompts {tmp_path / 'prompts.txt'}: {said}" in capsys.readouterr().err


def test_standard_input_may_be_a_pipe_and_ends_at_the_limit(step_bundle, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"the cell")))
    assert main(["generate", str(step_bundle), "-n", "1"]) == 0
    with open("/dev/zero", "rb") as zeros:  # noqa: PTH123 (a device)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(zeros))
        assert main(["generate", str(step_bundle)]) == 2
    assert "the prompt is longer than" in capsys.readouterr().err


@given(st.binary(max_size=20))
def test_as_much_is_read_as_the_kind_may_have(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("file") / "file"
    path.write_bytes(content)
    if len(content) <= SMALL.most:
        assert read_bounded(path, SMALL) == content
        return
    with pytest.raises(InputFileError, match=r"has more than 10 bytes, and the file may have no more"):
        read_bounded(path, SMALL)


def test_a_file_without_a_size_is_bounded_as_well():
    """The system says 0 for it."""
    path = Path("/proc/self/maps")
    if not path.exists():
        pytest.skip("no /proc here")
    with pytest.raises(InputFileError, match="may have no more"):
        read_bounded(path, SMALL)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_lines_are_those_of_a_text_file(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("file") / "file"
    path.write_bytes(text.encode("utf-8"))
    with path.open(encoding="utf-8-sig") as file:
        assert list(lines_of(path, Kind("the text", 200))) == list(file)
    assert read_text(path, Kind("the text", 200)) == text.removeprefix("\ufeff")


def test_the_first_lines_of_a_larger_text_can_be_asked_for(step_bundle, tmp_path, monkeypatch, capsys):
    text = tmp_path / "text.txt"
    text.write_text("the cell state\n" * 10, encoding="utf-8")
    monkeypatch.setattr("edgeword.cli.commands.evaluate.TEXT", Kind("the text", 60))
    assert main(["evaluate", str(step_bundle), str(text)]) == 2
    assert "has more than 60 bytes" in capsys.readouterr().err
    assert main(["evaluate", str(step_bundle), str(text), "--lines", "4", "--engine", "onnx"]) == 0


def test_a_line_without_an_end_is_not_read_to_it(tmp_path):
    six_gigabytes(tmp_path / "file")
    with pytest.raises(InputFileError, match="has more than 10 bytes"):
        next(lines_of(tmp_path / "file", SMALL))


def test_a_name_with_a_null_is_refused():
    with pytest.raises(InputFileError, match="embedded null"):
        read_bounded("a\0b", SMALL)


def test_every_kind_is_bounded():
    kinds = [value for value in vars(input_files).values() if isinstance(value, Kind)]
    assert len(kinds) > 8
    assert all(0 < kind.most <= 1 << 30 for kind in kinds)
