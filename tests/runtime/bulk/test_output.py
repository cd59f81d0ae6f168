"""The file of lines when writing fails: whole lines, and no more."""

from __future__ import annotations

import errno
import os

import pytest

from edgeword.bulk.output import Output, locked_output
from edgeword.errors import InputFileError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out.jsonl"


@pytest.mark.parametrize(
    ("error", "raised"),
    [(OSError(errno.ENOSPC, "No space left on device"), InputFileError), (KeyboardInterrupt(), KeyboardInterrupt)],
    ids=["full", "interrupted"],
)
def test_a_line_is_written_whole_or_not_at_all(path, monkeypatch, error, raised):
    write, room = os.pwrite, iter([3, 2])

    def in_pieces(descriptor: int, content: memoryview, place: int) -> int:
        size = next(room, None)
        if size is None:
            raise error
        return write(descriptor, content[:size], place)

    with locked_output(path, resume=False) as descriptor:
        output = Output(path, descriptor)
        output.write(b"first\n")
        monkeypatch.setattr(os, "pwrite", in_pieces)
        with pytest.raises(raised):
            output.write(b"second\n")
        assert path.read_bytes() == b"first\n"
        monkeypatch.setattr(os, "pwrite", write)
        output.write(b"second\n")
    assert path.read_bytes() == b"first\nsecond\n"


def test_a_disk_that_fails_at_the_end_is_said(path, monkeypatch):
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    message = r"out\.jsonl: Input/output error; .*--resume"
    with locked_output(path, resume=False) as descriptor, pytest.raises(InputFileError, match=message):
        Output(path, descriptor).finish()


def test_what_stands_there_is_compared_and_not_written(path):
    path.write_bytes(b"one\ntwo\nthr")
    with locked_output(path, resume=True) as descriptor:
        output = Output(path, descriptor, start=4, end=8)
        output.write(b"two\nthree\n")
        output.write(b"four\n")
        output.finish()
    assert path.read_bytes() == b"one\ntwo\nthree\nfour\n"


def test_a_torn_line_behind_the_last_is_dropped_at_the_end_too(path):
    path.write_bytes(b"one\ntw")
    with locked_output(path, resume=True) as descriptor:
        output = Output(path, descriptor, start=0, end=4)
        output.write(b"one\n")
        output.finish()
    assert path.read_bytes() == b"one\n"


def test_a_folder_that_is_locked_or_gone_is_one_line(tmp_path):
    with pytest.raises(InputFileError, match="cannot write"), locked_output(tmp_path / "no" / "out", resume=False):
        pass
