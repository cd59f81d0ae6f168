"""The engines: each opens a variant's bytes as graphs with named NumPy buffers.

A graph is run in place: write `inputs`, call `run()`, read `outputs`. The buffers belong to the loaded variant and
stay where they are, so nothing is allocated and no logits are copied for a greedy word.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from numpy.typing import NDArray

from edgeword.errors import EdgewordError, MissingEngineError, UsageError, described
from edgeword.frozen import frozen
from edgeword.installing import install_command

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

EngineName = Literal["litert", "onnx"]
"""The keys of `ENGINES`, for type checkers and editors."""
EngineChoice = Literal["auto", EngineName]
"""What can be asked for."""

Buffers = Mapping[str, NDArray[Any]]


class Graph(Protocol):
    """One signature, ready to run, with as many rows as its buffers. Hold it as long as you hold a part of it."""

    inputs: Buffers
    outputs: Buffers
    run: Callable[[], None]
    """Compute `outputs` from `inputs`; raises EngineError."""


class LoadedVariant(Protocol):
    """One variant loaded by one engine."""

    version: str
    """Distribution and version that runs it, as in `ai-edge-litert 2.3.0`."""

    def graph(self, signature: str) -> Graph:
        """The signature `step`, `advance` or `window`, one row; raises EngineError where the file has it not."""
        ...

    def wide(self, signature: str, rows: int) -> Graph | None:
        """The same with so many rows, each apart from the others; None where its first axis is not free.

        What it takes, in time and memory, is taken at the first call.
        """
        ...


@frozen
class Package:
    """A package that can be an engine."""

    name: str
    """What is imported."""
    distribution: str
    """What is installed."""
    module: str
    """What of it opens files."""

    def version(self) -> str:
        """Distribution and version, as in `onnxruntime 1.31.1`; read from where it is installed, without importing it.

        `importlib.metadata` would take 15 ms of every cold start.
        """
        found = _spec(self.name)
        folder = os.path.dirname(os.path.dirname(found.origin)) if found and found.origin else ""
        prefix = f"{self.distribution.replace('-', '_')}-"
        names = [name for name in _names(folder) if name.startswith(prefix) and name.endswith(".dist-info")]
        known = names[0][len(prefix) : -len(".dist-info")] if len(names) == 1 else self._imported_version()
        return f"{self.distribution} {known}"

    def _imported_version(self) -> str:
        """Of an installation that says nothing of itself, or two things."""
        try:
            return str(getattr(import_module(self.name), "__version__", "unknown"))
        except (Exception, SystemExit):  # it is broken, which opening a file with it will say
            return "unknown"


def _spec(name: str) -> ModuleSpec | None:
    """Where a package can be found; None for one that was imported and does not say."""
    try:
        return find_spec(name)
    except ValueError:
        return None


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


@frozen
class Engine:
    """What is known of an engine before it is imported."""

    name: EngineName
    format: str
    packages: tuple[Package, ...]
    """The preferred one first; any of them will do."""
    module: str
    extra: str

    @property
    def package(self) -> Package | None:
        """The package that will run it, the first that can be found; imports none of them."""
        return next((package for package in self.packages if _spec(package.name) is not None), None)

    @property
    def installed(self) -> bool:
        """Whether one of the packages can be found."""
        return self.package is not None

    def open(self, content: bytes, threads: int) -> LoadedVariant:
        """Load a variant from the bytes of its file, which are looked through before.

        Raises EngineError (ModelFileError for what no engine has seen) or MissingEngineError.
        """
        package = self.installed_package()
        import_module(f"edgeword.model_files.{self.format}").read(content)
        try:
            return cast(LoadedVariant, import_module(self.module).open_variant(content, threads, package))
        except EdgewordError:
            raise
        except (Exception, SystemExit) as error:  # whatever a package that is broken does
            raise self.missing(f"installed but cannot be imported ({described(error)})") from None

    def installed_package(self) -> Package:
        """The package that will run it; MissingEngineError where there is none."""
        package = self.package
        if package is None:
            raise self.missing()
        return package

    def missing(self, state: str = "not installed") -> MissingEngineError:
        """The error that says how to get the engine."""
        return MissingEngineError(f"the engine {self.name} is {state}; {install_command(self.extra)}")


LITERT = Package("ai_edge_litert", "ai-edge-litert", "ai_edge_litert.interpreter")
TFLITE_RUNTIME = Package("tflite_runtime", "tflite-runtime", "tflite_runtime.interpreter")
ONNX_RUNTIME = Package("onnxruntime", "onnxruntime", "onnxruntime")

# In the order in which `auto` takes them.
ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine("litert", "tflite", (LITERT, TFLITE_RUNTIME), "edgeword.engines.litert", "litert"),
        Engine("onnx", "onnx", (ONNX_RUNTIME,), "edgeword.engines.onnx", "onnx"),
    )
}


def engine_of(file_format: str) -> Engine:
    """The engine that runs a format."""
    return next(engine for engine in ENGINES.values() if engine.format == file_format)


def installed_engines(name: str) -> list[Engine]:
    """The installed engines that `name` allows (`auto`: all); raises where there is none."""
    if name != "auto":
        if name not in ENGINES:
            raise UsageError(f"engine {name!r} is not one of auto, {', '.join(ENGINES)}")
        ENGINES[name].installed_package()
        return [ENGINES[name]]
    found = [engine for engine in ENGINES.values() if engine.installed]
    if not found:
        commands = " or ".join(install_command(engine.extra) for engine in ENGINES.values())
        raise MissingEngineError(f"no engine is installed; {commands}")
    return found
