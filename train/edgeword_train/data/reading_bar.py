"""What the command shows of reading: a bar on a terminal, and each warning in one line."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Any, TextIO

from edgeword.cli.terminal import escaped
from edgeword.errors import EdgewordWarning
from edgeword_train.data.reading import Reading

_REDRAW_S = 0.1
_WIDTH = 24


class ReadingBar:
    """Draws how far a corpus is read in one line, which is gone when all is read. Draws nothing where nobody looks."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._live, self._drawn_at = stream, stream.isatty(), 0.0

    def __enter__(self) -> ReadingBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()

    def draw(self, reading: Reading) -> None:
        """Draw one report, or pass over it; at the end the line is gone."""
        if reading.done == 1:
            self.clear()
        elif self._live and time.monotonic() - self._drawn_at >= _REDRAW_S:
            self._drawn_at = time.monotonic()
            self._write(format_reading(reading))

    def clear(self) -> None:
        """Make room for what is printed next."""
        if self._live and self._drawn_at:
            self._write("")

    def _write(self, text: str) -> None:
        # Return to the start of the line, and clear what is longer than the new text.
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()


def format_reading(reading: Reading) -> str:
    """One line, such as `reading  [######------------------]  25%  1,000 lines`."""
    filled = int((reading.done or 0) * _WIDTH)
    bar = "" if reading.done is None else f"[{'#' * filled}{'-' * (_WIDTH - filled)}] {reading.done:4.0%}  "
    return f"reading  {bar}{reading.lines:,} lines"


@contextlib.contextmanager
def warnings_on(stream: TextIO) -> Iterator[None]:
    """EdgewordWarnings as lines, as soon as they come."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", EdgewordWarning)
        others = warnings.showwarning

        def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, EdgewordWarning):
                print(f"edgeword: {escaped(str(message))}", file=stream)
            else:
                others(message, category, *place, **more)

        warnings.showwarning = show
        yield
