"""The formats that export writes, one row each."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from edgeword_export.calibration import Calibration
from edgeword_export.signature import Signature, Style


class Writer(Protocol):
    """A plan's signatures, traced once and ready to be written in any precision."""

    format: str

    def write(self, precision: str) -> bytes:
        """The bytes of the file; raises ConversionError."""
        ...


_WRITERS = {
    "tflite": ("edgeword_export.tflite", "TFLiteWriter"),
    "onnx": ("edgeword_export.onnx_file", "OnnxWriter"),
}


def writer(file_format: str, signatures: Callable[[Style], list[Signature]], calibration: Calibration) -> Writer:
    """The writer of a format; its converter is imported only now."""
    module, name = _WRITERS[file_format]
    return cast(Callable[..., Writer], getattr(import_module(module), name))(signatures, calibration)
