"""The process in which an engine runs for another one: it opens one file, and runs its graphs when it is told to."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from typing import Any

import numpy as np

from edgeword.engines.engine import ENGINES, Buffers, LoadedVariant
from edgeword.errors import EdgewordError, MissingEngineError
from edgeword.isolation.wire import DONE, FAILED, RUN, Rows, Wire, tensors_in


def serve(descriptor: int) -> None:
    """Until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the other process that is interrupted
    wire = Wire(socket.socket(fileno=descriptor))
    try:
        asked = wire.hear()
        loaded = _answered(wire, lambda: _opened(asked, wire.bytes_of(asked["size"])))
        runs: list[Callable[[], None]] = []
        while loaded is not None:
            _answer_one(wire, loaded, runs)
    except (EOFError, OSError):
        pass
    os._exit(0)  # no destructor of an engine may hold it up


def _opened(asked: dict[str, Any], content: bytes) -> tuple[dict[str, Any], LoadedVariant]:
    loaded = ENGINES[asked["engine"]].open(content, asked["threads"])
    return {"version": loaded.version}, loaded


def _answer_one(wire: Wire, loaded: LoadedVariant, runs: list[Callable[[], None]]) -> None:
    asked = wire.byte()
    if asked == RUN:
        _run(wire, runs[wire.byte()[0]])
        return
    wanted = wire.hear()
    graph = _answered(wire, lambda: _rows_of(loaded, wanted["graph"], wanted["rows"]))
    if graph is not None:
        _, (memory,), _, _ = socket.recv_fds(wire.end, 1, 1)
        rows = {**_rows(graph.inputs), **_rows(graph.outputs)}
        runs.append(_running(graph, tensors_in(memory, rows)))
        os.close(memory)


def _rows_of(loaded: LoadedVariant, name: str, rows: int) -> tuple[dict[str, Any], Any]:
    graph = loaded.graph(name) if rows == 1 else loaded.wide(name, rows)
    if graph is None:
        return {}, None
    return {"inputs": _rows(graph.inputs), "outputs": _rows(graph.outputs)}, graph


def _rows(buffers: Buffers) -> Rows:
    return {name: (buffer.dtype.name, buffer.shape) for name, buffer in buffers.items()}


def _answered(wire: Wire, work: Callable[[], tuple[dict[str, Any], Any]]) -> Any:
    """Do the work and say what came of it; None where it failed."""
    try:
        answer, made = work()
    except EdgewordError as error:
        wire.say({"error": str(error), "missing": isinstance(error, MissingEngineError)})
        return None
    wire.say(answer)
    return made


def _running(graph: Any, shared: Buffers) -> Callable[[], None]:
    into = [(graph.inputs[name], shared[name]) for name in graph.inputs]
    out = [(shared[name], graph.outputs[name]) for name in graph.outputs]

    def run() -> None:
        for target, source in into:
            np.copyto(target, source)
        graph.run()
        for target, source in out:
            np.copyto(target, source)

    return run


def _run(wire: Wire, run: Callable[[], None]) -> None:
    try:
        run()
    except EdgewordError as error:
        wire.end.sendall(FAILED)
        wire.say({"error": str(error)})
    else:
        wire.end.sendall(DONE)
