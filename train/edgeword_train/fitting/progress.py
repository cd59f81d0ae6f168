"""How far a training is: reported to whoever asks, printed to standard error by the command."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from edgeword_train.data.reading import OnReading, Reading
from edgeword_train.fitting.plan import Plan, unannounced

REDRAW_S = 0.1


@dataclass(frozen=True)
class Progress:
    """One report, after a batch, or at the end of an epoch when `held_out` is known."""

    epoch: int
    epochs: int
    done: float
    """Share of the epoch's words, 0 to 1."""
    perplexity: float
    """Of this epoch so far, with dropout."""
    words_per_s: float
    seconds: float
    """Of this epoch so far."""
    held_out: float | None = None
    """Perplexity on held-out text, at the end of the epoch."""
    top3: float | None = None
    """Share of the words of held-out text that were among the three most probable ones."""

    @property
    def seconds_left(self) -> float:
        """Until the last epoch is done; a training that stops early needs less."""
        return self.seconds / max(self.done, 1e-9) * (self.epochs - self.epoch + 1) - self.seconds


ProgressCallback = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report nothing."""


def unwatched(_reading: Reading) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Watch:
    """Who is told of a training: how far its text is read, what it will be, before it begins, and how far it is."""

    reading: OnReading = unwatched
    announce: Callable[[Plan], None] = unannounced
    progress: ProgressCallback = silent


class ProgressPrinter:
    """Prints a line an epoch, which on a terminal grows in its place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._drawn_at = 0.0

    def __call__(self, progress: Progress) -> None:
        """Print one report, or pass over it."""
        if progress.held_out is not None:
            self._write(format_progress(progress) + "\n")
        elif self._live and time.monotonic() - self._drawn_at > REDRAW_S:
            self._drawn_at = time.monotonic()
            self._write(format_progress(progress))

    def _write(self, text: str) -> None:
        # Return to the start of the line, and clear what is longer than the new text.
        self._stream.write(f"\r\x1b[K{text}" if self._live else text)
        self._stream.flush()


def format_progress(progress: Progress) -> str:
    """One line, such as `epoch 3/20  perplexity 45.1 (held out 80.2, top-3 31%)  5,100 words/s  at most 2 min left`."""
    aside = f"{progress.done:.0%}"
    if progress.held_out is not None:
        aside = f"held out {progress.held_out:.1f}, top-3 {progress.top3 or 0:.0%}"
    return (
        f"epoch {progress.epoch}/{progress.epochs}  perplexity {progress.perplexity:.1f} ({aside})  "
        f"{progress.words_per_s:,.0f} words/s  at most {format_seconds(progress.seconds_left)} left"
    )


def format_seconds(seconds: float) -> str:
    """Such as `40 s`, `12 min` or `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
