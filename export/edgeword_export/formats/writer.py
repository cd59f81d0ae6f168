"""The formats that export writes, one row each."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from typing import cast

from edgeword import interruption
from edgeword.errors import InputFileError
from edgeword_export.errors import ConversionError
from edgeword_export.graphs.calibration import Samples
from edgeword_export.graphs.signature import PLAIN, Signatures
from edgeword_export.quiet import quiet

# What C++ says of the machine comes under many types; the words are those of the C library.
_MACHINE_FAULTS = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)))

# What TFLite's converter minds stands behind the places where it met it.
_MINDED = re.compile(r"('tfl?\.\w+' op .+?)(?= <unknown>| loc\(|$)")

Inputs = Mapping[str, tuple[str, tuple[int | None, ...]]]
"""Type and shape of each input, by name; None is an axis that is free."""


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
                    content = self.make(precision, samples)
                    self._check_inputs(content)
                    self._written[precision] = content
            except (ConversionError, OSError, MemoryError, ImportError):
                raise
            except Exception as error:  # each converter raises types of its own, with a page of text
                interruption.check()
                text = " ".join(str(error).split())
                faults = [fault for fault in _MACHINE_FAULTS if fault in text]
                if faults:
                    place = tempfile.gettempdir()
                    raise InputFileError(
                        f"cannot convert to {self.format} in {place}: {faults[0]}; set TMPDIR to a folder with space"
                    ) from None
                raise ConversionError(f"the {self.format} converter failed on {precision}: {_reason(text)}") from None
        return self._written[precision]

    def _check_inputs(self, content: bytes) -> None:
        """Refuse a file with other inputs than its signatures have: what nobody feeds is computed with zeros."""
        signatures = {signature.name: signature for signature in self.signatures(PLAIN)}
        for name, found in self.inputs(content).items():
            wanted = {
                spec.name: (spec.dtype.as_numpy_dtype.__name__, tuple(spec.shape)) for spec in signatures[name].specs()
            }
            for tensor in sorted({*wanted, *found}):
                if not _fits(found.get(tensor), wanted.get(tensor)):
                    raise ConversionError(
                        f"the graph {name!r} in the {self.format} file has the input {tensor!r} as "
                        f"{_shown(found.get(tensor))}, and its signature says {_shown(wanted.get(tensor))}"
                    )

    @abstractmethod
    def inputs(self, content: bytes) -> Mapping[str, Inputs]:
        """The inputs of each graph of a file, by the graph's name."""

    @abstractmethod
    def make(self, precision: str, samples: Samples) -> bytes:
        """Convert and check."""

    @abstractmethod
    def weights_read(self, content: bytes) -> int:
        """Bytes of weights that one run of the first signature of a file must read."""


def _fits(found: tuple[str, tuple[int | None, ...]] | None, wanted: tuple[str, tuple[int | None, ...]] | None) -> bool:
    """Whether an input is as its signature says; where that leaves the rows free, a file may have one."""
    if found is None or wanted is None:
        return False
    (kind, shape), (wanted_kind, wanted_shape) = found, wanted
    return kind == wanted_kind and shape in (wanted_shape, tuple(size or 1 for size in wanted_shape))


def _shown(tensor: tuple[str, tuple[int | None, ...]] | None) -> str:
    return "nothing" if tensor is None else f"{tensor[0]} {list(tensor[1])}"


_WRITERS = {
    "tflite": ("edgeword_export.formats.tflite", "TFLiteWriter"),
    "onnx": ("edgeword_export.formats.onnx", "OnnxWriter"),
}


def writer(file_format: str, signatures: Signatures) -> Writer:
    """The writer of a format; its converter is imported only now."""
    module, name = _WRITERS[file_format]
    return cast(Writer, getattr(import_module(module), name)(signatures))


def _reason(text: str) -> str:
    """What a converter minds, out of a page of text on one line."""
    minded = _MINDED.search(text)
    return (minded[1] if minded else text)[:200]
