"""ONNX files in ONNX Runtime."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword.engines.engine import Package
from edgeword.engines.quiet import keep_offline
from edgeword.errors import EngineError, first_line

# Lesser errors are raised anyway; onnxruntime would also print them to standard error, in red.
_FATAL = 4

_DTYPES: dict[str, type[np.generic]] = {"tensor(int32)": np.int32, "tensor(float)": np.float32}


ANSWERED = "answered"
"""How many rows the logits are wanted of: an input of step graphs that has a default, all of them."""


class OnnxGraph:
    """The session with fixed buffers around it.

    IO binding would write into them itself, and takes twice as long: 65 µs a word of a 651 / 100 / 150 model against
    32 µs with `run` (onnxruntime 1.31), which the copies here do not eat up.
    """

    def __init__(self, variant: OnnxVariant, rows: int = 1, *, answers: bool = True) -> None:
        """With `answers` False without what comes next."""
        session, run_options, version = variant.session, variant.run_options, variant.version
        self.inputs = {item.name: _buffer(item, rows) for item in session.get_inputs()}
        self.outputs = {
            item.name: _buffer(item, rows) for item in session.get_outputs() if answers or item.name != "logits"
        }
        names, buffers = list(self.outputs), list(self.outputs.values())
        given = self.inputs if answers else {**self.inputs, ANSWERED: np.zeros(1, np.int32)}
        shapes = [buffer.shape for buffer in buffers]

        def run() -> None:
            try:
                results = session.run(names, given, run_options)
            except Exception as error:  # onnxruntime's own exceptions share no parent but Exception
                raise EngineError(f"{version} failed: {first_line(error)}") from None
            for buffer, shape, result in zip(buffers, shapes, results):  # noqa: B905 (strict costs time here)
                if result.shape != shape:  # what the file declares binds nobody, and numpy would broadcast it
                    raise EngineError(f"{version} gives {list(result.shape)} where the file says {list(shape)}")
                np.copyto(buffer, result)

        self.run = run


class OnnxVariant:
    """An ONNX file. A file has one graph, so `advance` is `step` that is asked for no logits, or leaves them unread."""

    def __init__(self, session: Any, run_options: Any, version: str) -> None:
        self.session, self.run_options, self.version = session, run_options, version
        self._graph = OnnxGraph(self)
        self._rows_are_free = all(_is_free(item) for item in session.get_inputs())
        self._answers_some = any(item.name == ANSWERED for item in session.get_overridable_initializers())

    def graph(self, signature: str) -> OnnxGraph:
        """See `LoadedVariant.graph`."""
        self._check(signature)
        return OnnxGraph(self, answers=False) if self._reads_alone(signature) else self._graph

    def wide(self, signature: str, rows: int) -> OnnxGraph | None:
        """See `LoadedVariant.wide`: the same session on other buffers."""
        self._check(signature)
        return OnnxGraph(self, rows, answers=not self._reads_alone(signature)) if self._rows_are_free else None

    def _check(self, signature: str) -> None:
        wanted = "ids" if signature == "window" else "token"
        if wanted not in self._graph.inputs:
            raise EngineError(f"{self.version}: the file has no graph {signature!r}")

    def _reads_alone(self, signature: str) -> bool:
        return signature == "advance" and self._answers_some


def open_variant(content: bytes, threads: int, package: Package) -> OnnxVariant:
    """Load an ONNX file from its bytes: sequential, with a fixed number of threads that never spin."""
    keep_offline()
    onnxruntime = import_module(package.module)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _FATAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A file may be read as ONNX and as onnxruntime's own format at once; the one that was checked is meant.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    version = package.version()
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (Exception, SystemExit) as error:
        raise EngineError(f"{version} refuses the file: {first_line(error)}") from None
    run_options = onnxruntime.RunOptions()
    run_options.log_severity_level = _FATAL
    return OnnxVariant(session, run_options, version)


def _is_free(item: Any) -> bool:
    """Whether the first axis is."""
    return bool(item.shape) and not isinstance(item.shape[0], int)


def _buffer(item: Any, rows: int) -> NDArray[Any]:
    shape = [rows, *item.shape[1:]] if _is_free(item) else item.shape
    if item.type not in _DTYPES or not all(isinstance(size, int) for size in shape):
        raise EngineError(f"{item.name} is {item.type} {item.shape}: no tensor of a known type and size")
    return np.zeros(shape, _DTYPES[item.type])
