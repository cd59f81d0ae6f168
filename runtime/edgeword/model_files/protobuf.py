"""Protocol buffers: the fields of a message, by a table of what it may hold. What the table does not know is refused.

https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeword.frozen import frozen
from edgeword.model_files.layout import ModelFileError, text_of

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}
_VARINT_BYTES = 10
# What is read of one file: a second's work. Weights are one field each, however large they are.
_MOST_FIELDS = 1 << 20

Span = tuple[int, int]
"""Where bytes of the file begin and end."""
Values = Mapping[str, list[Any]]
"""By the names of fields: whole numbers below 2 ** 64 of VARINT, spans of BYTES, None of what has a fixed size."""


@frozen
class Message:
    """What may stand in a message: the names of fields by their tags, which are `number << 3 | wire`."""

    name: str
    fields: Mapping[int, str]
    repeated: frozenset[str]
    refused: Mapping[int, str]
    """By number: what it would be, for the error."""


Kinds = Mapping[str, tuple[int, ...]]
"""By the name of a field: its number and then its wire types."""


def message(name: str, once: Kinds, repeated: Kinds | None = None, refused: Mapping[int, str] | None = None) -> Message:
    """A row of the table."""
    kinds = {**once, **(repeated or {})}
    tags = {number << 3 | wire: field for field, (number, *wires) in kinds.items() for wire in wires}
    return Message(name, tags, frozenset(repeated or ()), refused or {})


class Reader:
    """Reads the messages of one file. Nothing is copied, and what is not looked into is passed over by its length."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._left = _MOST_FIELDS

    def read(self, span: Span, kind: Message) -> Values:
        """The values of a message; raises ModelFileError."""
        at, end = span
        known, repeated = kind.fields, kind.repeated
        values: dict[str, list[Any]] = {}
        while at < end:
            self._left -= 1
            tag, at = self._varint(at, end)
            name = known.get(tag)
            if name is None or self._left < 0:
                raise _unknown(kind, tag, self._left)
            wire = tag & 7
            value: Any = None
            if wire == BYTES:
                size, at = self._varint(at, end)
                value = (at, at + size)
                at += size
            elif wire == VARINT:
                value, at = self._varint(at, end)
            else:
                at += _SIZES[wire]
            if name not in values:
                values[name] = [value]
            elif name in repeated:
                values[name].append(value)
            else:
                raise ModelFileError(f"the file holds {name} twice in its {kind.name}")
        if at > end:
            raise ModelFileError(f"the file ends within its {kind.name}")
        return values

    def text(self, span: Span) -> str:
        """A name; raises ModelFileError."""
        return text_of(self.content[span[0] : span[1]])

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """A whole number of 64 bits, and where it ends."""
        content = self.content
        if at < end and content[at] < 0x80:  # nearly all of them
            return content[at], at + 1
        value = 0
        for place in range(min(_VARINT_BYTES, end - at)):
            byte = content[at + place]
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF, at + place + 1
        raise ModelFileError("the file ends within a number, or has one without an end")


def _unknown(kind: Message, tag: int, left: int) -> ModelFileError:
    if left < 0:
        return ModelFileError(f"the file has more than {_MOST_FIELDS} fields")
    number = tag >> 3
    what = kind.refused.get(number, f"field {number} of wire type {tag & 7}")
    return ModelFileError(f"the file holds {what} in its {kind.name}, which no next-word model needs")
