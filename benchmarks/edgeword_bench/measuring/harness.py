"""The harness: groups of subjects, timed in fresh processes, round after round.

What is known so far can be read at any moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from edgeword.errors import EngineError
from edgeword_bench.measuring.effort import Effort
from edgeword_bench.measuring.process import time_in_process
from edgeword_bench.measuring.subject import Group, ProcessTimes, Request, Subject, SubjectTimes

# After so many processes that failed, what is known has to do.
_MOST_FAILURES = 5

Tell = Callable[[str], None]


class Harness:
    """The times of subjects, by their names."""

    def __init__(self, groups: Sequence[Group], effort: Effort, tell: Tell) -> None:
        self._groups, self._effort, self._tell = groups, effort, tell
        self.times: dict[str, list[SubjectTimes]] = {subject.name: [] for group in groups for subject in group.subjects}
        """One for each process; a subject that is given up is not among them any more."""
        self.reasons: dict[str, str] = {}
        """Of what was given up."""
        self.references_us: list[float] = []
        """The fixed computation in each process."""
        self.failures: list[str] = []
        """Of processes that died, though each of their subjects runs."""

    def run(self, beside: Callable[[], bool] = lambda: False) -> None:
        """Rounds of processes; `beside` is called after each, and then until it returns False."""
        effort, started, rounds = self._effort, time.perf_counter(), 0
        self._tell(f"timing words: {effort.processes} processes or more, at least {effort.least_s:g} s")
        while self.times and len(self.failures) < _MOST_FAILURES:
            enough = rounds >= effort.processes and time.perf_counter() - started >= effort.least_s
            is_timing = not enough and rounds < effort.most_processes
            if is_timing:
                rounds += self._round(seed=rounds + len(self.failures))
            if not beside() and not is_timing:
                return

    def give_up(self, name: str, reason: str) -> None:
        """Go on without a subject, and without its times."""
        self.times.pop(name, None)
        self.reasons[name] = reason
        self._tell(f"not measured: {name}: {reason}")

    def _round(self, seed: int) -> bool:
        """A process of each group, in another order each time; says whether none of them died."""
        died = len(self.failures)
        for index in np.random.default_rng(seed).permutation(len(self._groups)):
            group = self._groups[index]
            subjects = self._left(group)
            try:
                if subjects:
                    self._keep(self._timed(group, subjects, seed))
            except EngineError as error:
                self._find_culprits(group, subjects, seed, str(error))
        return len(self.failures) == died

    def _left(self, group: Group) -> tuple[Subject, ...]:
        return tuple(subject for subject in group.subjects if subject.name in self.times)

    def _timed(self, group: Group, subjects: tuple[Subject, ...], seed: int) -> ProcessTimes:
        words = {subject.name: self.times[subject.name][-1].words_a_turn for subject in self._known(subjects)}
        return time_in_process(Request(subjects, words, self._effort, seed), group.environment)

    def _known(self, subjects: Sequence[Subject]) -> list[Subject]:
        return [subject for subject in subjects if self.times[subject.name]]

    def _keep(self, found: ProcessTimes) -> None:
        self.references_us.append(found.reference_s * 1e6)
        for times in found.subjects:
            self.times[times.name].append(times)
        for name, reason in found.reasons.items():
            self.give_up(name, reason)

    def _find_culprits(self, group: Group, subjects: Sequence[Subject], seed: int, failure: str) -> None:
        """Time each subject alone, and go on without those that fail alone."""
        self.failures.append(failure)
        for subject in subjects:
            try:
                reasons = self._timed(group, (subject,), seed).reasons
            except EngineError as error:
                reasons = {subject.name: str(error)}
            if reasons:
                self.give_up(subject.name, reasons[subject.name])
