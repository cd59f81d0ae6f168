"""A progress bar, on a terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from edgeword.bulk.progress import Progress

_REDRAW_S = 0.1
_WIDTH = 24


class Bar:
    """Draws progress in one line, which is gone at the end. Draws nothing where nobody looks."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._live = stream, stream.isatty()
        self._drawn_at = -_REDRAW_S

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live:
            self._write("")

    def draw(self, progress: Progress) -> None:
        """Draw one report, or pass over it."""
        if self._live and time.monotonic() - self._drawn_at >= _REDRAW_S:
            self._drawn_at = time.monotonic()
            self._write(format_progress(progress))

    def _write(self, text: str) -> None:
        # Return to the start of the line, and clear what is longer than the new text.
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()


def format_progress(progress: Progress) -> str:
    """One line, such as `[######------------------]  25%  1,000 lines  5,100 words/s  1:02 left`."""
    parts = [f"{progress.lines:,} lines", f"{progress.words_per_s:,.0f} words/s"]
    if progress.done is not None:
        filled = int(progress.done * _WIDTH)
        parts.insert(0, f"[{'#' * filled}{'-' * (_WIDTH - filled)}] {progress.done:4.0%}")
    if progress.left_s is not None:
        parts.append(f"{_clock(progress.left_s)} left")
    return "  ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
