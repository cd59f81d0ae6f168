"""TFLite files in LiteRT (ai-edge-litert), or in tflite-runtime where only that is installed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword.engines.engine import Package
from edgeword.engines.quiet import native_stderr_to_null
from edgeword.errors import EngineError, first_line

_announced = False


@contextlib.contextmanager
def _unannounced() -> Iterator[None]:
    """The first allocation of a process tells the screen which delegate it made; the others tell nothing."""
    global _announced  # noqa: PLW0603 (as the engine has it, once a process)
    if _announced:
        yield
        return
    with native_stderr_to_null():
        yield
    _announced = True


class LiteRTGraph:
    """One signature of the file, run through the interpreter's native handle.

    The public `set_tensor`, `invoke` and `get_tensor` copy every tensor in and out, and `invoke` refuses to
    run while a view is alive, because resizing a tensor would move it. Here a shape is set once and tensors
    are allocated once, so views stay valid: a word of a 651 / 100 / 150 model takes 8.7 µs this way and
    13.1 µs the other. The native handle's methods are the same in tflite-runtime 2.14 and ai-edge-litert 2.x.
    """

    def __init__(self, variant: LiteRTVariant, signature: str, interpreter: Any, rows: int | None = None) -> None:
        native = interpreter._interpreter
        names = interpreter._get_full_signature_list()[signature]
        subgraph = native.GetSubgraphIndexFromSignature(signature)
        if rows is not None:
            for index in names["inputs"].values():
                shape = np.array([rows, *native.TensorSize(index, subgraph)[1:]], np.int32)
                native.ResizeInputTensor(index, shape, True, subgraph)
        with _unannounced():
            native.AllocateTensors(subgraph)

        def views(kind: str) -> dict[str, NDArray[Any]]:
            return {name: native.tensor(native, index, subgraph) for name, index in names[kind].items()}

        for array in views("inputs").values():
            array.fill(0)
        # The first run plans the delegate's memory; the views to keep are taken when nothing moves any more.
        native.Invoke(subgraph)
        self.inputs, self.outputs = views("inputs"), views("outputs")

        def run() -> None:
            # Naming the variant here also holds it: the weights are read from the file's bytes, which nothing
            # but its interpreter keeps alive.
            try:
                native.Invoke(subgraph)
            except Exception as error:
                raise EngineError(f"{variant.version} failed: {first_line(error)}") from None

        self.run = run


class LiteRTVariant:
    """A TFLite file with all its signatures."""

    def __init__(self, open_interpreter: Callable[[], Any], version: str) -> None:
        self._open_interpreter = open_interpreter
        self.interpreter = open_interpreter()
        self.version = version
        self._wide: dict[int, Any] = {}

    def graph(self, signature: str) -> LiteRTGraph:
        """See `LoadedVariant.graph`."""
        return self._graph(signature, self.interpreter)

    def wide(self, signature: str, rows: int) -> LiteRTGraph | None:
        """See `LoadedVariant.wide`: the same bytes in an interpreter of their own, for each number of rows."""
        if not self._rows_are_free(self._held(signature)):
            return None
        if rows not in self._wide:
            self._wide[rows] = self._open_interpreter()
        try:
            return self._graph(signature, self._wide[rows], rows)
        except EngineError:  # what cannot be resized is read one text at a time, with the same words
            return None

    def _held(self, signature: str) -> str:
        """`step` where there is no `advance`: it is the same, with its prediction left unread."""
        absent = signature == "advance" and signature not in self.interpreter.get_signature_list()
        return "step" if absent else signature

    def _rows_are_free(self, signature: str) -> bool:
        native = self.interpreter._interpreter
        subgraph = native.GetSubgraphIndexFromSignature(signature)
        inputs = self.interpreter._get_full_signature_list()[signature]["inputs"].values()
        shapes = [native.TensorSizeSignature(index, subgraph) for index in inputs]
        return all(len(shape) > 0 and shape[0] < 0 for shape in shapes)

    def _graph(self, signature: str, interpreter: Any, rows: int | None = None) -> LiteRTGraph:
        held = self._held(signature)
        if held not in interpreter.get_signature_list():
            raise EngineError(f"{self.version}: the file has no graph {signature!r}")
        try:
            return LiteRTGraph(self, held, interpreter, rows)
        except (Exception, SystemExit) as error:
            raise EngineError(f"{self.version} cannot run the graph {signature!r}: {first_line(error)}") from None


def open_variant(content: bytes, threads: int, package: Package) -> LiteRTVariant:
    """Load a TFLite file from its bytes, with a fixed number of threads."""
    module = import_module(package.module)
    version = package.version()
    try:
        return LiteRTVariant(lambda: module.Interpreter(model_content=content, num_threads=threads), version)
    except (Exception, SystemExit) as error:
        raise EngineError(f"{version} refuses the file: {first_line(error)}") from None
