"""The one place where tensorflow is looked for and told to be quiet, before anything imports it."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator

from edgeword.engines.quiet import keep_offline
from edgeword.errors import first_line
from edgeword.extras import MissingExtraError, module_of, require, requirements_of
from edgeword.installing import install_command

# Some of the others import it: what it prints depends on who comes first.
_FIRST = "tensorflow"


def prepare_tensorflow(extra: str) -> None:
    """Check that the packages of an extra are there and silence tensorflow's start-up lines."""
    require(extra)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    keep_offline()


def load_tensorflow(extra: str) -> None:
    """Import the packages of an extra, of which tensorflow takes seconds, without their banners.

    Raises MissingExtraError where one is not installed, or is and cannot be imported.
    """
    prepare_tensorflow(extra)
    names = sorted(requirements_of(extra), key=lambda name: name != _FIRST)
    with held_back_stderr():
        failures = [failure for name in names if (failure := _import_failure(name))]
    if failures:
        raise MissingExtraError(f"{failures[0]}; {install_command(extra)}")


def _import_failure(distribution: str) -> str | None:
    """Import it; why it cannot be imported, in one line, if it cannot."""
    try:
        importlib.import_module(module_of(distribution))
    except ImportError as error:
        return f"{distribution} is installed but cannot be imported ({first_line(error)})"
    return None


@contextlib.contextmanager
def held_back_stderr() -> Iterator[None]:
    """Hold back what is written to standard error, also by C++, and give it out if the block fails.

    TensorFlow's C++ writes lines that no log level holds back.
    """
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
