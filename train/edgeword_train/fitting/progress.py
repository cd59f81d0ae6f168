"""How far a training is: reported to whoever asks, printed to standard error by the command."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

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
    held_out: float | None = None
    """Perplexity on held-out text, at the end of the epoch."""


ProgressCallback = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report nothing."""


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
    """One line, such as `epoch 3/20  perplexity 45.1 (held out 80.2)  5,100 words/s`."""
    aside = f"{progress.done:.0%}" if progress.held_out is None else f"held out {progress.held_out:.1f}"
    return (
        f"epoch {progress.epoch}/{progress.epochs}  perplexity {progress.perplexity:.1f} ({aside})  "
        f"{progress.words_per_s:,.0f} words/s"
    )
