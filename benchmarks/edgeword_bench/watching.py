"""Time inside an engine: a clock between a decoder and its graphs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edgeword.engines import Engine, Graph


class SharedEngine:
    """An engine whose graphs are opened once: two language models then run the same ones."""

    def __init__(self, engine: Engine) -> None:
        self.version = engine.version
        self._engine = engine
        self._graphs: dict[str, Graph] = {}

    def graph(self, signature: str) -> Graph:
        """See `Engine.graph`."""
        if signature not in self._graphs:
            self._graphs[signature] = self._engine.graph(signature)
        return self._graphs[signature]


@dataclass
class EngineClock:
    """Time inside an engine, and how often it was entered."""

    seconds: float = 0.0
    runs: int = 0


class WatchedEngine:
    """An engine whose runs a clock counts."""

    def __init__(self, engine: Engine, clock: EngineClock) -> None:
        self.version = engine.version
        self._engine, self._clock = engine, clock

    def graph(self, signature: str) -> Graph:
        """See `Engine.graph`."""
        return WatchedGraph(self._engine.graph(signature), self._clock)


class WatchedGraph:
    """A graph whose runs a clock counts."""

    def __init__(self, graph: Graph, clock: EngineClock) -> None:
        self.inputs, self.outputs = graph.inputs, graph.outputs
        inner, now = graph.run, time.perf_counter

        def run() -> None:
            started = now()
            inner()
            clock.seconds += now() - started
            clock.runs += 1

        self.run: Callable[[], None] = run
