"""Files in the two engines through nothing but their public interfaces, one thread."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.peers.task import WINDOW
from studies.peers.ways.loops import Loaded, Loop, replaying, stepping

Arrays = list[NDArray[np.float32]]


def build(folder: Path, file: str, kind: str) -> Loaded:
    """`kind` is a key of the table below."""
    make, package = _KINDS[kind]
    return Loaded(make(folder / file), f"{package.replace('_', '-')} {import_module(package).__version__}")


def litert_step(file: Path) -> Loop:
    """One step through `set_tensor`, `invoke`, `get_tensor`."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(file), num_threads=1)
    interpreter.allocate_tensors()
    names = interpreter._get_full_signature_list()["step"]
    inputs, outputs = names["inputs"], names["outputs"]
    states = [key for key in inputs if key != "token"]
    shapes = {detail["index"]: detail["shape"] for detail in interpreter.get_input_details()}

    def step(token: int, values: Arrays) -> tuple[Any, Arrays]:
        interpreter.set_tensor(inputs["token"], np.array([token], np.int32))
        for key, value in zip(states, values, strict=True):
            interpreter.set_tensor(inputs[key], value)
        interpreter.invoke()
        logits = interpreter.get_tensor(outputs["logits"])
        return logits, [interpreter.get_tensor(outputs[f"next_{key}"]) for key in states]

    return stepping(step, lambda: [np.zeros(shapes[inputs[key]], np.float32) for key in states])


def onnx_step(file: Path) -> Loop:
    """One step through `session.run`."""
    session = _session(file)
    # The first axis is free in a file that takes several texts at a time.
    states = {item.name: (1, *item.shape[1:]) for item in session.get_inputs() if item.name != "token"}
    names = ["logits", *(f"next_{name}" for name in states)]

    def step(token: int, values: Arrays) -> tuple[Any, Arrays]:
        feeds = {"token": np.array([token], np.int32), **dict(zip(states, values, strict=True))}
        logits, *after = session.run(names, feeds)
        return logits, after

    return stepping(step, lambda: [np.zeros(shape, np.float32) for shape in states.values()])


def onnx_window(file: Path) -> Loop:
    """The padded window through `session.run`, for each word."""

    def padded(ids: Sequence[int]) -> Sequence[int]:
        return [*[0] * (WINDOW - len(ids)), *ids][-WINDOW:]

    return _onnx_replay(file, padded)


def onnx_text(file: Path) -> Loop:
    """The whole text, unpadded, through `session.run`, for each word."""
    return _onnx_replay(file, lambda ids: ids)


def _onnx_replay(file: Path, prepared: Any) -> Loop:
    session = _session(file)
    name = session.get_inputs()[0].name

    def answer(ids: Sequence[int]) -> Any:
        return session.run(None, {name: np.array([prepared(ids)], np.int32)})[0][0]

    return replaying(answer)


def _session(file: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


_KINDS = {
    "litert step": (litert_step, "ai_edge_litert"),
    "onnx step": (onnx_step, "onnxruntime"),
    "onnx window": (onnx_window, "onnxruntime"),
    "onnx text": (onnx_text, "onnxruntime"),
}
