"""The tables of a TFLite file, of which only those are read that are asked for.

The numbers of the fields are those of
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

from edgeword.frozen import frozen
from edgeword.model_files.flatbuffer import File, Span
from edgeword.model_files.layout import ModelFileError

T = TypeVar("T")

# `Model`
CODES, SUBGRAPHS, BUFFERS, SIGNATURES = 1, 2, 4, 7
OUTSIDE = (8, 9)
# `OperatorCode`: the number of an operator stands in the last one, and up to 126 in the first one too.
OLD_CODE, CODE = 0, 3
# `SubGraph`
TENSORS, INPUTS, OUTPUTS, OPERATORS = 0, 1, 2, 3
# `Tensor`
SHAPE, TYPE, BUFFER = 0, 1, 2
REFUSED_OF_TENSORS = {
    5: "values that stay from run to run",
    6: "sparse values",
    9: "values of any type",
    10: "data outside of the file",
}
# `Buffer`
DATA, OFFSET, SIZE = 0, 1, 2
# `Operator`
OPCODE, OPERANDS, RESULTS, OPTIONS = 0, 1, 2, 4
# `SignatureDef`
SIGNATURE_INPUTS, SIGNATURE_OUTPUTS, SIGNATURE_KEY, SIGNATURE_SUBGRAPH = 0, 1, 2, 4
# `TensorMap`
MAP_NAME, MAP_TENSOR = 0, 1


@frozen
class Operator:
    """One operator of a graph; tensors are numbers, -1 for one that is left out."""

    place: int
    kind: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Subgraph:
    """One graph of the file."""

    def __init__(self, model: Model, place: int) -> None:
        self._model, self._place = model, place
        self.inputs = model.file.int32s(place, INPUTS)
        self.outputs = model.file.int32s(place, OUTPUTS)
        self.tensors = model.file.tables(place, TENSORS)
        """Their places."""

    @cached_property
    def operators(self) -> list[Operator]:
        """In the order in which they run."""
        file, codes = self._model.file, self._model.codes
        return [
            Operator(at, item(codes, file.uint32(at, OPCODE)), file.int32s(at, OPERANDS), file.int32s(at, RESULTS))
            for at in file.tables(self._place, OPERATORS)
        ]

    def values(self, tensor: int) -> Span:
        """Where the values of a tensor stand; nowhere if they are computed."""
        return self.values_at(item(self.tensors, tensor))

    def values_at(self, place: int) -> Span:
        """The same of the tensor at a place."""
        return item(self._model.buffers, self._model.file.uint32(place, BUFFER))


class Model:
    """A TFLite file; raises ModelFileError where it is none."""

    def __init__(self, content: bytes) -> None:
        self.file = File(content)
        self.root = self.file.root()
        self.subgraphs = [Subgraph(self, place) for place in self.file.tables(self.root, SUBGRAPHS)]

    @cached_property
    def buffers(self) -> list[Span]:
        """Where the values of tensors stand: in the buffer itself, or where else in the file it says."""
        return [self._values(place) for place in self.file.tables(self.root, BUFFERS)]

    def _values(self, place: int) -> Span:
        """Raises ModelFileError for values outside of the file, or in two places."""
        file = self.file
        held, offset, size = file.bytes_at(place, DATA), file.uint64(place, OFFSET), file.uint64(place, SIZE)
        # Up to 1 either says that there is nothing: converters write it and fill it in later.
        if offset <= 1 and size <= 1:
            return held
        if held[0] < held[1]:
            raise ModelFileError("the file holds the values of a tensor in two places")
        return file.checked((offset, offset + size))

    @cached_property
    def codes(self) -> list[int]:
        """The kinds of operators, which operators refer to."""
        file = self.file
        places = file.tables(self.root, CODES)
        return [max(file.int8(at, OLD_CODE), file.int32(at, CODE)) for at in places]


def item(items: Sequence[T], number: int) -> T:
    """One of a list that the file refers to; raises ModelFileError where there is none."""
    if not 0 <= number < len(items):
        raise ModelFileError(f"the file refers to number {number} of {len(items)}")
    return items[number]
