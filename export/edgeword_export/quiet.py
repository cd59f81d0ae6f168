"""Converters print pages of progress; what matters of it reaches the user as an exception."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

from edgeword_train.tensorflow_import import held_back_stderr


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back log lines and warnings below errors, and what C++ writes to standard error."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), held_back_stderr(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
