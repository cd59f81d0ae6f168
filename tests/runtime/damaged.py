"""Model files with one weight tensor overwritten, in manifests whose digests are right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tests.runtime.changed import replace_file

Change = Callable[[NDArray[np.uint8]], None]


def be_zero(content: NDArray[np.uint8]) -> None:
    content[:] = 0


def be_nan(content: NDArray[np.uint8]) -> None:
    """Of a tensor that holds floats."""
    content[:] = 0xFF


def reverse(content: NDArray[np.uint8]) -> None:
    """Four bytes at a time, so that floats stay floats."""
    words = content[: len(content) // 4 * 4].reshape(-1, 4)
    words[:] = words[::-1].copy()


def damage(bundle: Path, file: str, change: Change = be_zero, rank: int = 0) -> None:
    """Change the bytes of the largest weight tensor of a model file, or of the one of that rank by size."""
    content = (bundle / file).read_bytes()
    changed = _tflite if file.endswith(".tflite") else _onnx
    replace_file(bundle, file, changed(content, change, rank))


def damage_all(bundle: Path, *sparing: str) -> list[str]:
    """Zero a tensor in every model file but those named; returns the damaged files."""
    files = sorted(path.name for path in bundle.glob("model.*") if path.name not in sparing)
    for file in files:
        damage(bundle, file)
    return files


def _tflite(content: bytes, change: Change, rank: int) -> bytes:
    writable = bytearray(content)
    model = schema.Model.GetRootAs(writable, 0)
    views = [model.Buffers(number).DataAsNumpy() for number in range(model.BuffersLength())]
    tensors = [view for view in views if isinstance(view, np.ndarray)]
    change(sorted(tensors, key=len, reverse=True)[rank])
    return bytes(writable)


def _onnx(content: bytes, change: Change, rank: int) -> bytes:
    model = onnx.load_from_string(content)
    tensors = sorted(model.graph.initializer, key=lambda tensor: len(tensor.raw_data), reverse=True)
    raw = np.frombuffer(tensors[rank].raw_data, np.uint8).copy()
    change(raw)
    tensors[rank].raw_data = raw.tobytes()
    return model.SerializeToString()
