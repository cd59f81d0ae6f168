"""A corpus is read once: its lines without their markers, kept on disk for those who go through them again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from edgeword.input_files import writable
from edgeword.tokenizers.markers import Markers
from edgeword_train.data.scratch import Scratch
from edgeword_train.data.sources import files_of, size_of
from edgeword_train.data.text_files import lines_of


@dataclass(frozen=True)
class Reading:
    """How far a corpus is read."""

    lines: int
    done: float | None
    """0 to 1; None where the size of what is read is not known."""


OnReading = Callable[[Reading], object]
# Reports come once in so many lines.
_EACH = 1000


@dataclass(frozen=True)
class Part:
    """One file or built-in corpus of a corpus."""

    name: str
    sha256: str
    """Of its stripped, non-empty lines."""
    lines: int
    """How many of them hold more than markers."""


class CorpusLines:
    """The lines of a corpus, in a temporary file without a name; may be gone through several times."""

    def __init__(self) -> None:
        self._scratch = Scratch()
        self.parts: list[Part] = []

    def __enter__(self) -> CorpusLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._scratch.close()

    def __iter__(self) -> Iterator[str]:
        self._scratch.flush()
        self._scratch.file.seek(0)
        return (line[:-1].decode("utf-8") for line in self._scratch.file)

    def read(
        self, sources: Sequence[str | os.PathLike[str]], field: str | None, markers: Markers, report: OnReading
    ) -> Iterator[str]:
        """Read the sources, and yield their lines as they come."""
        files = files_of(sources)
        watch = _Watch(files, report)
        for file in files:
            digest, count = hashlib.sha256(), 0
            for number, line in enumerate(lines_of(file, field, watch.file(file))):
                digest.update((b"\n" if number else b"") + line.encode("utf-8"))
                watch.line()
                if read := markers.read(line):
                    count += 1
                    self._scratch.write(read.encode("utf-8") + b"\n")
                    yield read
            self.parts.append(Part(writable(Path(file).name), digest.hexdigest(), count))
        watch.all()


class _Watch:
    """Reports how far the files are read, by their bytes."""

    def __init__(self, files: Sequence[str], report: OnReading) -> None:
        sizes = [size_of(file) for file in files if Path(file).exists()]
        self._total = None if None in sizes or not sizes else sum(size or 0 for size in sizes)
        self._report, self._before, self._here, self._lines = report, 0, 0, 0

    def file(self, _name: str) -> Callable[[int], None]:
        """What is told of the bytes that were read of the next file."""
        self._before, self._here = self._before + self._here, 0
        return self._bytes

    def _bytes(self, count: int) -> None:
        self._here = count

    def all(self) -> None:
        """All is read."""
        self._report(Reading(self._lines, 1.0))

    def line(self) -> None:
        self._lines += 1
        if self._lines % _EACH == 0:
            done = (self._before + self._here) / self._total if self._total else None
            self._report(Reading(self._lines, done))
