"""Where a run goes on: the lines that stand in its file are held against the prompts, chunk by chunk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from edgeword.bulk.answering import error_line
from edgeword.bulk.prompts import Chunk, Prompt
from edgeword.errors import InputFileError
from edgeword.frozen import frozen

_PIECE = 2**16


@frozen
class Resumed:
    """What is left to do. The first of the chunks was answered before, in part at least: its lines are compared."""

    chunks: Iterator[Chunk]
    start: int
    """Where in the file the lines of the first chunk begin."""
    end: int
    """Where the last whole line ends."""
    lines: int
    """Before `start`."""
    errors: int
    """Of those."""


@frozen
class _Reading:
    """How far the file was read, in whole lines of these prompts."""

    position: int = 0
    lines: int = 0
    errors: int = 0

    def after(self, length: int, prompt: Prompt) -> _Reading:
        """One line further."""
        return _Reading(self.position + length, self.lines + 1, self.errors + (prompt.error is not None))


def resumed(path: Path, descriptor: int, chunks: Iterator[Chunk], *, again: bool = True) -> Resumed:
    """Read the file to its last whole line; raises InputFileError where a line is not of its prompt.

    The last chunk that stands there is to be said `again`, which shows whether bundle and options are those with which
    the file was begun.
    """
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            file.seek(0)
            return _resumed(path, file, chunks, again=again)
    except InputFileError:
        raise
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}; choose another --out") from None


def _resumed(path: Path, file: BinaryIO, chunks: Iterator[Chunk], *, again: bool) -> Resumed:
    before = begun = _Reading()
    previous: tuple[Chunk, ...] = ()
    for chunk in chunks:
        read = _read_chunk(path, file, chunk, begun)
        if read.lines < begun.lines + len(chunk.prompts):
            last = previous if read == begun else ()
            first = before if last else begun
            return Resumed(chain(last, [chunk], chunks), first.position, read.position, first.lines, first.errors)
        before, begun, previous = (begun, read, (chunk,)) if again else (read, read, ())
    _check_ends(path, file, begun)
    return Resumed(iter(previous), before.position, begun.position, before.lines, before.errors)


def _read_chunk(path: Path, file: BinaryIO, chunk: Chunk, reading: _Reading) -> _Reading:
    """Read those lines of a chunk that are there."""
    for prompt in chunk.prompts:
        length = _read_line(path, file, prompt)
        if not length:
            break
        reading = reading.after(length, prompt)
    return reading


def _read_line(path: Path, file: BinaryIO, prompt: Prompt) -> int:
    """The length of the prompt's line; 0 where it is not there, or torn."""
    expected = error_line(prompt) if prompt.error is not None else f'{prompt.head}, "text": '.encode()
    beginning = file.readline(len(expected))
    length, piece = len(beginning), beginning
    while piece and not piece.endswith(b"\n"):
        piece = file.readline(_PIECE)
        length += len(piece)
    # A torn line begins as the whole one; where the machine went down, the disk may have zeros for the rest of it.
    if beginning != expected and (piece or not expected.startswith(beginning.rstrip(b"\0"))):
        raise InputFileError(
            f"{path}: line {prompt.index + 1} is not of the prompt at this place; give the prompts with which "
            "it was begun, or choose another --out"
        )
    return length if piece else 0


def _check_ends(path: Path, file: BinaryIO, reading: _Reading) -> None:
    if file.readline(_PIECE):
        raise InputFileError(
            f"{path} holds more than the {reading.lines} lines of these prompts; give the prompts with which it was "
            "begun, or choose another --out"
        )
