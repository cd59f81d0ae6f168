"""What a model file shows of its graphs without an engine, and the one error of a file that is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from edgeword.errors import EngineError
from edgeword.frozen import frozen

# Of one input or output, and of all tensors that a TFLite graph computes together: 1 GiB of float32.
MOST_ELEMENTS = 1 << 28
MOST_DIMENSIONS = 8
MOST_NAME_BYTES = 1024


class ModelFileError(EngineError):
    """A model file is malformed, or holds what no next-word model needs; no engine has seen it."""


@frozen
class Tensor:
    """The dtype and the shape of an input or an output."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype} {list(self.shape)}"


Tensors = Mapping[str, Tensor]


@frozen
class Layout:
    """One graph of a file, by the names of its tensors."""

    inputs: Tensors
    outputs: Tensors


def text_of(content: bytes) -> str:
    """A name in a file, which is UTF-8; raises ModelFileError."""
    if len(content) > MOST_NAME_BYTES:
        raise ModelFileError(f"the file holds a name of {len(content)} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelFileError("the file holds a name that is not UTF-8") from None


def named(kind: str, tensors: Iterable[tuple[str, Tensor]]) -> Tensors:
    """The inputs or the outputs of a graph; raises ModelFileError where two have one name, or one no sound shape."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors:
        if name in found:
            raise ModelFileError(f"the file names two of its {kind}s {name!r}")
        if len(tensor.shape) > MOST_DIMENSIONS or min(tensor.shape, default=1) < 1:
            raise ModelFileError(f"the file has the {kind} {name!r} of the shape {list(tensor.shape)}")
        if prod(tensor.shape) > MOST_ELEMENTS:
            raise ModelFileError(f"the file has the {kind} {name!r} of {prod(tensor.shape)} elements")
        found[name] = tensor
    return found
