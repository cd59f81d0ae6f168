"""An engine whose files are opened and run in a process of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from edgeword.engines.engine import Buffers, Engine, Graph, LoadedVariant
from edgeword.errors import EngineError, MissingEngineError
from edgeword.frozen import frozen
from edgeword.isolation.process import Process
from edgeword.isolation.wire import DONE, GRAPH, RUN, Rows, shared_memory, size_of, tensors_in

_SERVED_BY = "edgeword.isolation.child"
_MEND = "; load the model again"


@frozen
class IsolatedEngine(Engine):
    """See `Engine`; where its process dies or takes too long, an EngineError says so."""

    def open(self, content: bytes, threads: int) -> LoadedVariant:
        """See `Engine.open`."""
        process = Process(_SERVED_BY, _MEND)
        asked = {"engine": self.name, "threads": threads, "size": len(content)}
        answer = _checked(process.ask(asked, behind=content))
        return IsolatedVariant(process, answer["version"])


def isolated(engine: Engine) -> IsolatedEngine:
    """The same engine, each of its files in a process of its own."""
    return IsolatedEngine(engine.name, engine.format, engine.packages, engine.module, engine.extra)


class IsolatedVariant:
    """See `LoadedVariant`."""

    def __init__(self, process: Process, version: str) -> None:
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
        return _checked(self._process.ask({"graph": signature, "rows": rows}, before=GRAPH))

    def _made(self, answer: dict[str, Any]) -> IsolatedGraph:
        graph = IsolatedGraph(self._process, self._graphs, _rows(answer["inputs"]), _rows(answer["outputs"]))
        self._graphs += 1
        return graph


class IsolatedGraph:
    """See `Graph`: its tensors stand in memory that both processes see, and a run is a byte there and one back."""

    def __init__(self, process: Process, number: int, inputs: Rows, outputs: Rows) -> None:
        rows = {**inputs, **outputs}
        memory = shared_memory(size_of(rows))
        try:
            process.give(memory)
            tensors = tensors_in(memory, rows)
        finally:
            os.close(memory)
        self.inputs: Buffers = {name: tensors[name] for name in inputs}
        self.outputs: Buffers = {name: tensors[name] for name in outputs}
        self.run = _runner(process, RUN + bytes([number]))


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer itself; raises the EngineError or MissingEngineError that it is."""
    if "error" in answer:
        raise (MissingEngineError if answer.get("missing") else EngineError)(answer["error"])
    return answer


def _runner(process: Process, order: bytes) -> Callable[[], None]:
    """What runs a graph."""
    exchange = process.exchange(order)

    def run() -> None:
        if exchange() != DONE:
            raise EngineError(process.hear()["error"])

    return run


def _rows(answer: dict[str, Any]) -> Rows:
    return {name: (dtype, tuple(shape)) for name, (dtype, shape) in answer.items()}
