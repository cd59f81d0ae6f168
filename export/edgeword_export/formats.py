"""The formats that export writes, one row each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from typing import cast

from edgeword_export.calibration import Calibration
from edgeword_export.errors import ConversionError
from edgeword_export.quiet import quiet
from edgeword_export.signature import Signatures


class Writer(ABC):
    """A plan's signatures, traced once a style and ready to be written in any precision."""

    format: str

    def __init__(self, signatures: Signatures, calibration: Calibration) -> None:
        self.signatures = signatures
        self.calibration = calibration
        self._written: dict[str, bytes] = {}

    def write(self, precision: str) -> bytes:
        """The bytes of the file, made once; raises ConversionError."""
        if precision not in self._written:
            try:
                with quiet():
                    self._written[precision] = self.make(precision)
            except ConversionError:
                raise
            except Exception as error:  # each converter raises types of its own, with a page of text
                text = " ".join(str(error).split())
                raise ConversionError(f"the {self.format} converter failed on {precision}: {text[:200]}") from None
        return self._written[precision]

    @abstractmethod
    def make(self, precision: str) -> bytes:
        """Convert and check."""

    @abstractmethod
    def read_bytes(self, content: bytes) -> int:
        """Bytes of weights that one run of the first signature of a file must read."""


_WRITERS = {
    "tflite": ("edgeword_export.tflite", "TFLiteWriter"),
    "onnx": ("edgeword_export.onnx_file", "OnnxWriter"),
}


def writer(file_format: str, signatures: Signatures, calibration: Calibration) -> Writer:
    """The writer of a format; its converter is imported only now."""
    module, name = _WRITERS[file_format]
    return cast(Writer, getattr(import_module(module), name)(signatures, calibration))
