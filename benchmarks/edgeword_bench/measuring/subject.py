"""What is timed, and what came of it; frozen records, since they travel between processes as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from edgeword_bench.measuring.effort import Effort


@dataclass(frozen=True)
class Subject:
    """One way to say words; it is made in the process that times it."""

    name: str
    maker: str
    """`package.module:function`: what it returns for the options is `Loaded`."""
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Subjects that share their processes, where they take turns."""

    subjects: tuple[Subject, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of these processes beside those of this one."""


@dataclass(frozen=True)
class Turn:
    """Words of one subject in a row."""

    words_us: tuple[float, ...]
    """A run each: one word, microseconds; of a subject that is clocked by whole calls, a call's mean."""
    prompt_s: float | None = None
    first_word_s: float | None = None
    """From the prompt to the first word, which is not among the others."""
    engine_us: tuple[float, ...] = ()
    """Inside the engine, of each word in a stream of its own."""
    engine_runs: int = 0
    """Runs of a graph for the words of `engine_us`."""


class Loaded(Protocol):
    """A subject that is ready."""

    facts: Mapping[str, Any]
    """What else is known by then."""

    def turn(self, words: int) -> Turn:
        """Say and clock about so many words; raises what goes wrong, which is the reason why it is not measured."""
        ...


@dataclass(frozen=True)
class SubjectTimes:
    """What one process timed of one subject."""

    name: str
    facts: Mapping[str, Any]
    words_a_turn: int
    settled: bool
    """Whether warming up ended in a steady time."""
    turns: tuple[Turn, ...]
    cores_busy: tuple[float, ...] = ()
    """Processor time over time, one value a turn."""


@dataclass(frozen=True)
class ProcessTimes:
    """What was timed in one process."""

    subjects: tuple[SubjectTimes, ...]
    reasons: Mapping[str, Any]
    """Subject → why it was not timed."""
    reference_s: float
    """The fixed computation: how fast the machine was."""


@dataclass(frozen=True)
class Request:
    """What a process is asked for."""

    subjects: tuple[Subject, ...]
    words_a_turn: Mapping[str, Any]
    """Subject → words; one that misses takes as many as the effort asks for, which are then in the answer."""
    effort: Effort
    seed: int
    """Of the order in which the subjects are loaded and take their turns."""
