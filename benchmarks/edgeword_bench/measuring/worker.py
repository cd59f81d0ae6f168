"""A process that lives for one thing: its subjects loaded, warmed up and timed in turn.

Where a process' memory happens to lie makes it faster or slower by some percent for as long as it lives. Many short
ones show how much that is; one long one would take it for a property of the subject.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module

import numpy as np

from edgeword.errors import EdgewordError, first_line
from edgeword.records import read_record
from edgeword_bench.measuring.clock import fixed_computation, no_garbage_collection, warm_up
from edgeword_bench.measuring.first_word import own_output
from edgeword_bench.measuring.subject import Loaded, ProcessTimes, Request, Subject, SubjectTimes, Turn


def main() -> None:
    """Read a request from standard input, print what was timed."""
    with own_output() as output:
        request = read_record(Request, json.load(sys.stdin), "request")
        output.write(json.dumps(asdict(time_subjects(request))))


def time_subjects(request: Request) -> ProcessTimes:
    """Load all subjects, then let them take turns; what goes wrong with one is its reason alone."""
    random = np.random.default_rng(request.seed)
    reasons: dict[str, str] = {}
    warm: list[_Warm] = []
    # Nobody is always the first to be loaded, or always follows the same neighbour.
    for index in random.permutation(len(request.subjects)):
        with _reason_in(reasons, request.subjects[index].name):
            warm.append(_Warm(request, request.subjects[index]))
    gc.collect()
    gc.freeze()  # so that collecting before each turn looks at what is new, not at all of a library
    references = []
    for _ in range(request.effort.turns):
        references.append(fixed_computation())
        for index in random.permutation(len(warm)):
            if warm[index].name not in reasons:
                with _reason_in(reasons, warm[index].name):
                    warm[index].take_turn()
    times = tuple(subject.times() for subject in warm if subject.name not in reasons)
    return ProcessTimes(times, reasons, min(references))


@contextmanager
def _reason_in(reasons: dict[str, str], name: str) -> Iterator[None]:
    """Whatever a library raises is the reason of the subject that called it."""
    try:
        yield
    except EdgewordError as error:
        reasons[name] = " ".join(str(error).splitlines())
    except Exception as error:
        reasons[name] = f"{type(error).__name__}: {first_line(error)}"


class _Warm:
    """A subject, loaded and warm, with its turns so far."""

    def __init__(self, request: Request, subject: Subject) -> None:
        self.name = subject.name
        module, function = subject.maker.split(":")
        self._loaded: Loaded = getattr(import_module(module), function)(**subject.options)
        with no_garbage_collection():
            word_s, self._settled = warm_up(lambda count: self._loaded.turn(count).words_us)
        self._words = request.words_a_turn.get(subject.name) or request.effort.words_a_turn(word_s)
        self._turns: list[Turn] = []
        self._cores_busy: list[float] = []

    def take_turn(self) -> None:
        with no_garbage_collection():
            cpu, started = time.process_time(), time.perf_counter()
            turn = self._loaded.turn(self._words)
            seconds = time.perf_counter() - started
        self._turns.append(turn)
        self._cores_busy.append((time.process_time() - cpu) / seconds)

    def times(self) -> SubjectTimes:
        facts = self._loaded.facts
        return SubjectTimes(self.name, facts, self._words, self._settled, tuple(self._turns), tuple(self._cores_busy))
