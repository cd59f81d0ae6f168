"""Prompts from files: one a line, as text or in JSON. A line that cannot be used is a prompt with an error."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from edgeword.bulk.lines import OWN_KEYS, head_of
from edgeword.errors import InputFileError, UsageError
from edgeword.frozen import frozen
from edgeword.input_files import open_regular
from edgeword.records import RecordError, parse_json

LONGEST_LINE = 2**20
"""In bytes; what is longer is passed over, a piece at a time."""
STANDARD_INPUT = "-"

_BOM = b"\xef\xbb\xbf"
_PIECE = 2**16
_LONGEST_REASON = 200


@frozen
class Prompt:
    """One line of the prompts."""

    index: int
    text: str
    head: str
    """How its line begins: the JSON of its index, its text and the keys that are carried along, not closed."""
    error: str | None = None
    """Why it cannot be used."""


@frozen
class Chunk:
    """Prompts that are answered together."""

    prompts: tuple[Prompt, ...]
    begins: float | None
    """Share of the prompts that was read before it, 0 to 1; None where their length is not known."""
    ends: float | None


class Prompts:
    """The lines of an open file."""

    def __init__(self, name: str, stream: BinaryIO, raw: BinaryIO, parse: Parser | None) -> None:
        self._name, self._stream, self._raw, self._parse = name, stream, raw, parse
        self._size = _regular_size(raw)

    def __iter__(self) -> Iterator[Prompt]:
        """Raises InputFileError where the file cannot be read any further."""
        lines = enumerate(bounded_lines(self._stream))
        while True:
            try:
                index, line = next(lines, (0, None))
            except (OSError, EOFError, zlib.error) as error:
                raise InputFileError(f"cannot read {self._name} to its end: {error}; copy it again") from None
            if line is None:
                return
            yield self._prompt(index, line.removeprefix(_BOM) if index == 0 else line)

    def _prompt(self, index: int, line: bytes) -> Prompt:
        if self._parse is None:
            self._parse = _of_json if _of_json(index, line).error is None else _of_text
        if len(line) > LONGEST_LINE:
            return _unusable(index, f"the line is longer than {LONGEST_LINE} bytes; shorten the prompt")
        return self._parse(index, line)

    def chunks(self, sizes: Iterator[int]) -> Iterator[Chunk]:
        """The prompts by so many, or fewer where they are long. Where one ends depends on prompts and sizes alone."""
        prompts: list[Prompt] = []
        letters, begins, size = 0, self._share(), next(sizes)
        for prompt in self:
            prompts.append(prompt)
            letters += len(prompt.head)
            if len(prompts) == size or letters >= LONGEST_LINE:
                ends = self._share()
                yield Chunk(tuple(prompts), begins, ends)
                prompts, letters, begins, size = [], 0, ends, next(sizes)
        if prompts:
            yield Chunk(tuple(prompts), begins, self._share())

    def _share(self) -> float | None:
        return min(self._raw.tell() / self._size, 1.0) if self._size else None


def _regular_size(raw: BinaryIO) -> int | None:
    """In bytes; None for a pipe, and for what is no file at all."""
    try:
        found = os.fstat(raw.fileno())
    except (OSError, io.UnsupportedOperation):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Each line without its end; of one that is too long, one byte too many, and the rest is passed over."""
    while line := stream.readline(LONGEST_LINE + 2):
        if not line.endswith(b"\n") and len(line) > LONGEST_LINE:
            _pass_over_line(stream)
        yield line.removesuffix(b"\n").removesuffix(b"\r")[: LONGEST_LINE + 1]


def _pass_over_line(stream: BinaryIO) -> None:
    while (piece := stream.readline(_PIECE)) and not piece.endswith(b"\n"):
        pass


def _of_text(index: int, line: bytes) -> Prompt:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return _unusable(index, f"the line is not UTF-8 (at {error.start}); convert it with iconv")
    return Prompt(index, text, head_of({"index": index, "prompt": text}))


def _of_json(index: int, line: bytes) -> Prompt:
    try:
        return _of_object(index, parse_json(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        return _unusable(index, f"the line is not UTF-8 (at {error.start}); convert it with iconv")
    except UnicodeEncodeError:
        return _unusable(index, r"the line holds half of a surrogate pair (\ud800 to \udfff); write the whole pair")
    except RecursionError:
        return _unusable(index, "the line is too deeply nested; make it flatter")
    except RecordError as error:
        return _unusable(index, f"the line cannot be read: {str(error)[:_LONGEST_REASON]}; mend its JSON")


def _of_object(index: int, data: Any) -> Prompt:
    """Raises UnicodeEncodeError for what UTF-8 has no bytes for, RecursionError."""
    if not isinstance(data, dict):
        return _unusable(index, 'the line is no JSON object; write {"prompt": "…"}')
    carried = {key: value for key, value in data.items() if key not in OWN_KEYS}
    text = data.get("prompt")
    if isinstance(text, str):
        return Prompt(index, text, _encodable({"index": index, "prompt": text, **carried}))
    problem = "is no string" if "prompt" in data else "is missing"
    head = _encodable({"index": index, **carried})
    return Prompt(index, "", head, f'the key "prompt" {problem}; write {{"prompt": "…"}}')


def _encodable(data: dict[str, object]) -> str:
    """The head of a line; raises UnicodeEncodeError for what UTF-8 has no bytes for."""
    head = head_of(data)
    head.encode("utf-8")
    return head


def _unusable(index: int, error: str) -> Prompt:
    return Prompt(index, "", head_of({"index": index}), error)


Parser = Callable[[int, bytes], Prompt]

_PARSERS: dict[str, Parser] = {".txt": _of_text, ".jsonl": _of_json}


@contextmanager
def open_prompts(path: str | os.PathLike[str]) -> Iterator[Prompts]:
    """Open `.txt`, `.jsonl`, `.gz` of either, or standard input (`-`).

    Standard input is JSON where its first line is an object with a prompt, else text. Raises UsageError for other
    names, InputFileError where nothing can be read.
    """
    name = os.fspath(path)
    if name == STANDARD_INPUT:
        yield _standard_input()
        return
    packed = name.lower().endswith(".gz")
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    if suffix not in _PARSERS:
        raise UsageError(
            f"{name}: prompts are {', '.join(_PARSERS)}, or .gz of these; rename it, or give - and the text"
        )
    with ExitStack() as stack:
        raw = stack.enter_context(open_regular(name, "the prompts"))
        stream = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=raw))) if packed else raw
        yield Prompts(name, stream, raw, _PARSERS[suffix])


def _standard_input() -> Prompts:
    if sys.stdin is None:
        raise UsageError("there is no standard input; name a file of prompts")
    return Prompts("standard input", sys.stdin.buffer, sys.stdin.buffer, None)
