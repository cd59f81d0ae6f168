"""The formats that export writes, one row each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from typing import cast

from edgeword_export.errors import ConversionError
from edgeword_export.graphs.calibration import Samples
from edgeword_export.graphs.signature import Signatures
from edgeword_export.quiet import quiet


class Writer(ABC):
    """A model's signatures, traced once a style and ready to be written in any precision."""

    format: str

    def __init__(self, signatures: Signatures) -> None:
        self.signatures = signatures
        self._written: dict[str, bytes] = {}

    def write(self, precision: str, samples: Samples = tuple) -> bytes:
        """The bytes of the file, made once; `samples` are for precisions that need calibration.

        Raises ConversionError for what is the model's or the converter's fault; what is the machine's (space,
        permissions, memory, a package) passes through.
        """
        if precision not in self._written:
            try:
                with quiet():
                    self._written[precision] = self.make(precision, samples)
            except (ConversionError, OSError, MemoryError, ImportError):
                raise
            except Exception as error:  # each converter raises types of its own, with a page of text
                text = " ".join(str(error).split())
                raise ConversionError(f"the {self.format} converter failed on {precision}: {text[:200]}") from None
        return self._written[precision]

    @abstractmethod
    def make(self, precision: str, samples: Samples) -> bytes:
        """Convert and check."""

    @abstractmethod
    def weights_read(self, content: bytes) -> int:
        """Bytes of weights that one run of the first signature of a file must read."""


_WRITERS = {
    "tflite": ("edgeword_export.formats.tflite", "TFLiteWriter"),
    "onnx": ("edgeword_export.formats.onnx", "OnnxWriter"),
}


def writer(file_format: str, signatures: Signatures) -> Writer:
    """The writer of a format; its converter is imported only now."""
    module, name = _WRITERS[file_format]
    return cast(Writer, getattr(import_module(module), name)(signatures))
