"""Model files with one weight tensor overwritten, in manifests whose digests are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema

from tests.runtime.changed import replace_file

ZERO, NAN = 0x00, 0xFF
"""What each byte of the tensor becomes: 0, or NaN where it holds floats."""


def damage(bundle: Path, file: str, byte: int = ZERO, rank: int = 0) -> None:
    """Overwrite the largest weight tensor of a model file, or the one of that rank by size."""
    content = (bundle / file).read_bytes()
    overwritten = _tflite if file.endswith(".tflite") else _onnx
    replace_file(bundle, file, overwritten(content, byte, rank))


def damage_all(bundle: Path, *sparing: str) -> list[str]:
    """Zero a tensor in every model file but those named; returns the damaged files."""
    files = sorted(path.name for path in bundle.glob("model.*") if path.name not in sparing)
    for file in files:
        damage(bundle, file)
    return files


def _tflite(content: bytes, byte: int, rank: int) -> bytes:
    writable = bytearray(content)
    model = schema.Model.GetRootAs(writable, 0)
    views = [model.Buffers(number).DataAsNumpy() for number in range(model.BuffersLength())]
    tensors = [view for view in views if isinstance(view, np.ndarray)]
    sorted(tensors, key=len, reverse=True)[rank][:] = byte
    return bytes(writable)


def _onnx(content: bytes, byte: int, rank: int) -> bytes:
    model = onnx.load_from_string(content)
    tensors = sorted(model.graph.initializer, key=lambda tensor: len(tensor.raw_data), reverse=True)
    tensors[rank].raw_data = bytes([byte]) * len(tensors[rank].raw_data)
    return model.SerializeToString()
