"""An engine whose files are opened and run in a process of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

from edgeword.engines.engine import Buffers, Engine, Graph, LoadedVariant
from edgeword.engines.probing import ended
from edgeword.errors import EngineError, MissingEngineError
from edgeword.frozen import frozen
from edgeword.isolation.wire import DONE, GRAPH, RUN, Rows, Wire, shared_memory, size_of, tensors_in

# Opening a file, or one run of a graph, takes no longer; what does is ended.
LONGEST_SECONDS = 60.0
_CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from edgeword.isolation.child import serve; serve(int(sys.argv[2]))"
)


@frozen
class IsolatedEngine(Engine):
    """See `Engine`; where its process dies or takes too long, an EngineError says so."""

    def open(self, content: bytes, threads: int) -> LoadedVariant:
        """See `Engine.open`."""
        process = _Process()
        asked = {"engine": self.name, "threads": threads, "size": len(content)}
        answer = process.ask(lambda wire: wire.say(asked, behind=content))
        return IsolatedVariant(process, answer["version"])


def isolated(engine: Engine) -> IsolatedEngine:
    """The same engine, each of its files in a process of its own."""
    return IsolatedEngine(engine.name, engine.format, engine.packages, engine.module, engine.extra)


class IsolatedVariant:
    """See `LoadedVariant`."""

    def __init__(self, process: _Process, version: str) -> None:
        self._process, self.version = process, version
        self._graphs = 0

    def graph(self, signature: str) -> Graph:
        """See `LoadedVariant.graph`."""
        return self._made(self._asked(signature, 1))

    def wide(self, signature: str, rows: int) -> Graph | None:
        """See `LoadedVariant.wide`."""
        answer = self._asked(signature, rows)
        return self._made(answer) if answer else None

    def _asked(self, signature: str, rows: int) -> Any:
        return self._process.ask(lambda wire: wire.say({"graph": signature, "rows": rows}, before=GRAPH))

    def _made(self, answer: dict[str, Any]) -> IsolatedGraph:
        graph = IsolatedGraph(self._process, self._graphs, _rows(answer["inputs"]), _rows(answer["outputs"]))
        self._graphs += 1
        return graph


class IsolatedGraph:
    """See `Graph`: its tensors stand in memory that both processes see, and a run is a byte there and one back."""

    def __init__(self, process: _Process, number: int, inputs: Rows, outputs: Rows) -> None:
        rows = {**inputs, **outputs}
        memory = shared_memory(size_of(rows))
        try:
            process.give(memory)
            tensors = tensors_in(memory, rows)
        finally:
            os.close(memory)
        self.inputs: Buffers = {name: tensors[name] for name in inputs}
        self.outputs: Buffers = {name: tensors[name] for name in outputs}
        self.run: Callable[[], None] = process.runner(RUN + bytes([number]))


class _Process:
    """The other process, which ends with this object."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        line = [sys.executable, "-c", _CHILD, json.dumps(sys.path), str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(line, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL)
        ours.settimeout(LONGEST_SECONDS)
        self._wire = Wire(ours)
        self._end = weakref.finalize(self, _end, self._process, ours, os.getpid())

    def ask(self, say: Callable[[Wire], object]) -> Any:
        """What it answers to what is said; raises EngineError or MissingEngineError."""

        def exchange() -> Any:
            say(self._wire)
            return self._wire.hear()

        answer = self._heard(exchange)
        if "error" in answer:
            raise (MissingEngineError if answer.get("missing") else EngineError)(answer["error"])
        return answer

    def give(self, memory: int) -> None:
        """Hand over a descriptor."""
        self._heard(lambda: socket.send_fds(self._wire.end, [b"m"], [memory]))

    def runner(self, order: bytes) -> Callable[[], None]:
        """What runs a graph."""
        send, receive = self._wire.end.sendall, self._wire.end.recv

        def exchange() -> bytes:
            send(order)
            return receive(1)

        def run() -> None:
            answer = self._heard(exchange)
            if answer != DONE:
                raise EngineError(self._heard(self._wire.hear)["error"] if answer else self._death())

        return run

    def _heard(self, exchange: Callable[[], Any]) -> Any:
        """Whatever goes wrong on the way ends the process: nobody knows what it would answer next."""
        try:
            return exchange()
        except TimeoutError:
            self._end()
            raise EngineError(f"the engine took more than {LONGEST_SECONDS:.0f} s and was ended") from None
        except (EOFError, OSError, ValueError):
            raise EngineError(self._death()) from None
        except BaseException:  # interrupted
            self._end()
            raise

    def _death(self) -> str:
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            code = 0
        self._end()
        return f"the engine {ended(code)}; load the model again"


def _rows(answer: dict[str, Any]) -> Rows:
    return {name: (dtype, tuple(shape)) for name, (dtype, shape) in answer.items()}


def _end(process: subprocess.Popen[bytes], end: socket.socket, owner: int) -> None:
    """It leaves when nobody listens; where it cannot, it is made to. A forked process leaves it to its parent."""
    end.close()
    if os.getpid() != owner:
        return
    try:
        process.wait(0.2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
