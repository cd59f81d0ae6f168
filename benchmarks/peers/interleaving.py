"""All peers measured in one run: their words checked first, then timed in turn, round after round."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from edgeword_bench.percentiles import percentile
from peers.connection import Connection, WorkerError
from peers.table import Peer
from peers.task import Task

ROUNDS = 15
TURN_SECONDS = 0.2
WARM_UP_TURNS = 2

Report = Callable[[str], None]


@dataclass
class Row:
    """What is known of one peer; a row with a `reason` has no times."""

    peer: Peer
    library: str | None = None
    reason: str | None = None
    agreement: float | None = None
    """Share of the questions that it answers with the Keras model's word, where other words are allowed."""
    times: int = 1
    """How often it says its words in one turn."""
    times_us: list[float] = field(default_factory=list)
    """Microseconds a word, one value a turn."""
    cores_busy: list[float] = field(default_factory=list)
    """Processor time over time, one value a turn."""


Crew = list[tuple[Row, Connection]]


def measure(
    peers: Sequence[Peer],
    folder: Path,
    rounds: int = ROUNDS,
    turn_seconds: float = TURN_SECONDS,
    report: Report = print,
) -> list[Row]:
    """A row for each peer, in the order of the table. One worker is busy at a time; the others wait for input."""
    task, rows = Task.load(folder), [Row(peer) for peer in peers]
    with ExitStack() as stack:
        crew = [(row, stack.enter_context(closing(Connection(row.peer, folder)))) for row in rows]
        for row, connection in crew:
            report(f"checking {row.peer.name}")
            with _failing_alone(row):
                row.library = connection.library()
                _prove(row, connection, task)
        report("warming up")
        for row, connection in _still_in(crew):
            with _failing_alone(row):
                _warm_up(row, connection, task, turn_seconds)
        for number in range(rounds):
            report(f"round {number + 1} of {rounds}")
            for row, connection in _shuffled(_still_in(crew), number):
                with _failing_alone(row):
                    _turn(row, connection, task)
    return rows


def _still_in(crew: Crew) -> Crew:
    return [(row, connection) for row, connection in crew if row.reason is None]


def _shuffled(crew: Crew, seed: int) -> Crew:
    """In another order each round, so that nobody always follows the same neighbour."""
    return random.Random(seed).sample(crew, len(crew))  # noqa: S311 (no secret)


@contextmanager
def _failing_alone(row: Row) -> Iterator[None]:
    """What goes wrong with one peer is the reason in its row, and takes its times away."""
    try:
        yield
    except WorkerError as error:
        row.reason = str(error)
        row.times_us, row.cores_busy = [], []


def _prove(row: Row, connection: Connection, task: Task) -> None:
    """The exact words, or the share of questions answered like the Keras model; raises WorkerError."""
    if row.peer.exact:
        _check(connection.ask(task.prompt, row.peer.words)["ids"], task.words[: row.peer.words])
    else:
        answers = [connection.ask(question, 1)["ids"][0] for question in task.questions]
        same = sum(one == other for one, other in zip(answers, task.answers, strict=True))
        row.agreement = same / len(task.answers)


def _check(ids: list[int], expected: list[int]) -> None:
    if ids != expected:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(ids, expected, strict=False)))
        raise WorkerError(f"says other words than the Keras model, from word {same + 1} on")


def _warm_up(row: Row, connection: Connection, task: Task, turn_seconds: float) -> None:
    """Fix how often the words are said in a turn, then take a few turns that do not count."""
    connection.ask(task.prompt, row.peer.words)
    once = connection.ask(task.prompt, row.peer.words)["seconds"]
    row.times = max(1, round(turn_seconds / once))
    for _ in range(WARM_UP_TURNS):
        connection.ask(task.prompt, row.peer.words, row.times)


def _turn(row: Row, connection: Connection, task: Task) -> None:
    answer = connection.ask(task.prompt, row.peer.words, row.times)
    if row.peer.exact:
        _check(answer["ids"], task.words[: row.peer.words])
    row.times_us.append(answer["seconds"] * 1e6 / (row.peer.words * row.times))
    row.cores_busy.append(answer["cpu_seconds"] / answer["seconds"])


def median(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return statistics.median(values) if values else None


def median_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of the median; None of too few values."""
    found = percentile(values, 50)
    return found.interval if found else None
