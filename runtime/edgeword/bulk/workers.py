"""Worker processes: each loads the model for itself and answers chunks. Their lines keep the order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType

from edgeword.bulk.answering import Asked, Piece, pieces
from edgeword.bulk.prompts import Chunk
from edgeword.engines.quiet import native_stderr_to_null
from edgeword.errors import EdgewordError
from edgeword.frozen import frozen
from edgeword.interruption import check, deferred
from edgeword.language_model import LanguageModel

MOST_WORKERS = 256
# Forked processes would share the parent's engine, whose threads they do not have.
_CONTEXT = multiprocessing.get_context("spawn")
# Answers that wait for an earlier chunk's, at most, for each worker: memory stays bounded where one chunk takes long.
_CHUNKS_AHEAD = 4
_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class WorkerError(EdgewordError, RuntimeError):
    """A worker process ended before its work was done."""


@dataclass
class _Flight:
    """A chunk that is being answered."""

    chunk: Chunk
    pieces: deque[Piece] = field(default_factory=deque)
    landed: bool = False


@frozen
class _Worker:
    process: SpawnProcess
    connection: Connection


class Workers:
    """Processes that answer chunks: `with Workers(…) as workers`. At its end none of them is left."""

    def __init__(self, lm: LanguageModel, asked: Asked, count: int) -> None:
        self._lm, self._asked, self._count = lm, asked, count
        self._workers: list[_Worker] = []

    def __enter__(self) -> Workers:
        try:
            # A signal may be given to another thread, of which it is not held back: then all are known before it acts.
            with deferred(), _signals_held_back():
                self._workers += (_started() for _ in range(self._count))
            check()
            for worker in self._workers:
                _send(worker, (self._lm, self._asked))
        except BaseException as error:
            self._end()
            if isinstance(error, OSError):
                raise WorkerError(f"cannot start {self._count} workers: {error}; give fewer") from None
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        with deferred():
            for worker in self._workers:
                worker.process.kill()
            for worker in self._workers:
                worker.process.join()
                worker.connection.close()

    def answers(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Piece]]:
        """The lines of the chunks, in their order. Raises WorkerError, and what a worker raises on purpose."""
        idle, busy = deque(self._workers), dict[Connection, tuple[_Worker, _Flight]]()
        flights: deque[_Flight] = deque()
        while True:
            while idle and len(flights) < _CHUNKS_AHEAD * self._count and (chunk := next(chunks, None)) is not None:
                worker = idle.popleft()
                _send(worker, chunk.prompts)
                flights.append(_Flight(chunk))
                busy[worker.connection] = worker, flights[-1]
            if not busy:
                return
            for connection in wait(busy):
                worker, flight = busy[connection]  # type: ignore[index]
                if not _heard(worker, flight):
                    del busy[worker.connection]
                    idle.append(worker)
            yield from _in_order(flights)


def _in_order(flights: deque[_Flight]) -> Iterator[tuple[Chunk, Piece]]:
    """What has come and waits for nothing earlier."""
    while flights:
        first = flights[0]
        while first.pieces:
            yield first.chunk, first.pieces.popleft()
        if not first.landed:
            return
        flights.popleft()


def _heard(worker: _Worker, flight: _Flight) -> bool:
    """Take what a worker says; whether more of the chunk will come."""
    try:
        said = worker.connection.recv()
    except (EOFError, ConnectionError):
        raise _died(worker) from None
    if isinstance(said, EdgewordError):
        raise said
    if said is None:
        flight.landed = True
        return False
    flight.pieces.append(said)
    return True


def _send(worker: _Worker, message: object) -> None:
    try:
        worker.connection.send(message)
    except ConnectionError:
        raise _died(worker) from None


def _died(worker: _Worker) -> WorkerError:
    worker.process.join(5)
    code = worker.process.exitcode
    how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"
    return WorkerError(
        f"a worker process {how}; the lines so far are whole: go on with --resume, and fewer workers if memory is short"
    )


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Processes that are started meanwhile never get them: whoever interrupts the run interrupts the parent."""
    resource_tracker.ensure_running()  # it would let them through again when the first process starts it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _started() -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _serve(connection: Connection) -> None:
    """A worker's life: a model, then chunks until there are no more. It ends with its parent."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with native_stderr_to_null():
            lm, asked = connection.recv()
        while True:
            for piece in pieces(lm, connection.recv(), asked):
                connection.send(piece)
            connection.send(None)
    except EdgewordError as error:
        connection.send(error)
    except (EOFError, ConnectionError):
        return


def _end_with_parent() -> None:
    """A parent that was killed cannot end its workers."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
