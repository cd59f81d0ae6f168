"""The engines: each opens a variant's bytes as graphs with named NumPy buffers.

A graph is run in place: write `inputs`, call `run()`, read `outputs`. The buffers belong to the engine and
stay where they are, so nothing is allocated and no logits are copied for a greedy word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

from numpy.typing import NDArray

from edgeword.errors import MissingEngineError, UsageError

Buffers = Mapping[str, NDArray[Any]]


class Graph(Protocol):
    """One signature, ready to run; batch 1, every shape static. Hold it as long as you hold a part of it."""

    inputs: Buffers
    outputs: Buffers
    run: Callable[[], None]
    """Compute `outputs` from `inputs`; raises EngineError."""


class Engine(Protocol):
    """One variant loaded by one engine."""

    version: str
    """Package and version that runs it, as in `ai-edge-litert 2.3.0`."""

    def graph(self, signature: str) -> Graph:
        """The signature `step`, `advance` or `window`; raises EngineError where the file has it not."""
        ...


@dataclass(frozen=True)
class EngineKind:
    """What is known of an engine before it is imported."""

    name: str
    format: str
    packages: tuple[str, ...]
    """Import names, the preferred one first; any of them will do."""
    module: str
    extra: str

    @property
    def package(self) -> str | None:
        """The package that will run it, the first that can be found; imports none of them."""
        return next((package for package in self.packages if find_spec(package) is not None), None)

    @property
    def installed(self) -> bool:
        """Whether one of the packages can be found."""
        return self.package is not None

    def open(self, content: bytes, threads: int) -> Engine:
        """Load a variant from the bytes of its file; raises EngineError or MissingEngineError."""
        self.check_installed()
        try:
            return cast(Engine, import_module(self.module).open_variant(content, threads))
        except ImportError as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise self.missing(f"installed but cannot be imported ({reason})") from None

    def check_installed(self) -> None:
        """Raise MissingEngineError where none of the packages can be found."""
        if not self.installed:
            raise self.missing()

    def missing(self, state: str = "not installed") -> MissingEngineError:
        """The error that says how to get the engine."""
        return MissingEngineError(f'the engine {self.name} is {state}; pip install "edgeword[{self.extra}]"')


# In the order in which `auto` takes them.
ENGINES: dict[str, EngineKind] = {
    kind.name: kind
    for kind in (
        EngineKind("litert", "tflite", ("ai_edge_litert", "tflite_runtime"), "edgeword.engines.litert", "litert"),
        EngineKind("onnx", "onnx", ("onnxruntime",), "edgeword.engines.onnx", "onnx"),
    )
}


def engine_of(file_format: str) -> EngineKind:
    """The engine that runs a format."""
    return next(kind for kind in ENGINES.values() if kind.format == file_format)


def engine_kinds(name: str) -> list[EngineKind]:
    """The installed engines that `name` allows (`auto`: all); raises where there is none."""
    if name != "auto":
        if name not in ENGINES:
            raise UsageError(f"engine {name!r} is not one of auto, {', '.join(ENGINES)}")
        ENGINES[name].check_installed()
        return [ENGINES[name]]
    kinds = [kind for kind in ENGINES.values() if kind.installed]
    if not kinds:
        raise MissingEngineError('no engine is installed; pip install "edgeword[litert]" or "edgeword[onnx]"')
    return kinds
