"""First trials, in a process of their own: an engine that dies or hangs there takes nobody along.

Where no such process can be made, in a frozen or embedded Python say, a variant is tried in this one; so it is with
`EDGEWORD_SELF_TEST=here`.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any

from edgeword.bundle.bundle import Bundle
from edgeword.choice.trial import SELF_TEST_VARIABLE, Pair, Trial, refused, try_variant
from edgeword.errors import EngineError
from edgeword.isolation.process import KilledError, Process
from edgeword.records import read_record

READY = "ready"
_HERE = "here"
_SERVED_BY = "edgeword.choice.trying"
_PYTHONS = ("python", "pypy")


class Trier:
    """Tries variants of a bundle: `with Trier(bundle, threads) as trier`.

    Its process is started for the first of them, and again after one that took it down.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self._bundle, self._threads = bundle, threads
        self._is_here = os.environ.get(SELF_TEST_VARIABLE) == _HERE or not is_python(sys.executable)
        self._process: Process | None = None
        self.killed: set[str] = set()
        """Files whose trial was ended by somebody else, which says little of them."""

    def __enter__(self) -> Trier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.end()

    def trial(self, pair: Pair) -> Trial:
        """What comes of a variant on its engine; raises MissingEngineError and BundleError."""
        engine, variant = pair
        version = engine.installed_package().version()
        try:
            answer = self._answer(pair)
        except EngineError as death:
            if isinstance(death, KilledError):
                self.killed.add(variant.file)
            return refused(version, variant, str(death))
        if answer is None or answer["version"] != version:
            return try_variant(self._bundle, pair, self._threads)
        return read_record(Trial, answer, "trial")

    def _answer(self, pair: Pair) -> Any:
        """The trial as it was told; None where it must be made here. Raises EngineError where the process ended."""
        process = self._started()
        if process is None:
            return None
        engine, variant = pair
        try:
            return process.ask({"engine": engine.name, "file": variant.file, "threads": self._threads})
        except BaseException:
            self._process = None
            raise

    def _started(self) -> Process | None:
        """The process that is there or a new one, once it has found the bundle; None where that cannot be."""
        if self._process is None and not self._is_here:
            self._process = self._ready()
            self._is_here = self._process is None
        return self._process

    def _ready(self) -> Process | None:
        try:
            process = Process(_SERVED_BY, is_quiet=True)
            answer = process.ask({"path": self._bundle.path, "digest": self._bundle.digest})
        except (OSError, EngineError):  # it could not be started, or died of something else than an engine
            return None
        return process if answer == READY else None


def is_python(executable: str | None) -> bool:
    """Whether it can be asked: a frozen or an embedding program is itself what runs, and would run once more."""
    name = os.path.basename(executable or "").lower()
    return os.name == "posix" and name.startswith(_PYTHONS) and not getattr(sys, "frozen", False)
