"""How far a run is: reported to whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable

from edgeword.bulk.answering import Piece
from edgeword.bulk.prompts import Chunk
from edgeword.frozen import frozen


@frozen
class Progress:
    """One report, after some lines."""

    lines: int
    """Of the file, those of an earlier run among them."""
    words_per_s: float
    """Of this run."""
    done: float | None
    """Share of the prompts, 0 to 1; None where their number is not known."""
    left_s: float | None
    """None before anything can be said of it."""


ProgressCallback = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report nothing."""


class Tally:
    """What has come of a run so far."""

    def __init__(self, lines: int, errors: int) -> None:
        self.lines, self.errors, self.words = lines, errors, 0
        self._started = time.monotonic()
        self._chunk: Chunk | None = None
        self._of_chunk = 0
        self._first: float | None = None

    def add(self, chunk: Chunk, piece: Piece) -> Progress:
        """Count what was written."""
        self.lines += piece.lines
        self.errors += piece.errors
        self.words += piece.words
        self._of_chunk = piece.lines + (self._of_chunk if chunk is self._chunk else 0)
        self._chunk = chunk
        done = self._done(chunk)
        elapsed = time.monotonic() - self._started
        return Progress(self.lines, self.words / max(elapsed, 1e-9), done, self._left_s(done, elapsed))

    def _done(self, chunk: Chunk) -> float | None:
        if chunk.begins is None or chunk.ends is None:
            return None
        if self._first is None:
            self._first = chunk.begins
        return chunk.begins + (chunk.ends - chunk.begins) * self._of_chunk / len(chunk.prompts)

    def _left_s(self, done: float | None, elapsed: float) -> float | None:
        if done is None or self._first is None or done <= self._first:
            return None
        return elapsed * (1 - done) / (done - self._first)
