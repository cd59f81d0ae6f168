"""FlatBuffers: tables, vectors and texts of a file, each place checked to lie in it.

https://flatbuffers.dev/internals
"""

from __future__ import annotations

from struct import Struct, error

from edgeword.model_files.layout import MOST_NAME_BYTES, ModelFileError, text_of

_INT8, _UINT16, _INT32, _UINT32, _UINT64 = (Struct(f"<{code}") for code in "bHiIQ")
# What is read of one file: a second's work.
_MOST_ITEMS = 1 << 18


Span = tuple[int, int]
"""Where bytes of the file begin and end."""


class File:
    """The bytes of a file. Places in it are offsets from its beginning; 0 stands for what is not there."""

    def __init__(self, content: bytes) -> None:
        self._content, self._size = content, len(content)
        self._left = _MOST_ITEMS
        self._shared: dict[int, tuple[int, ...]] = {}

    def root(self) -> int:
        """The place of the table that everything else hangs on."""
        return self._number(_UINT32, 0)

    def place(self, table: int, field: int) -> int:
        """Where the field of that number begins, 0 where the table has it not."""
        offsets = self._offsets(table - self._number(_INT32, table))
        offset = offsets[field] if field < len(offsets) else 0
        return table + offset if offset else 0

    def _offsets(self, at: int) -> tuple[int, ...]:
        """Of the fields of a table, which many tables share."""
        if at not in self._shared:
            size, _ = self._number(_UINT16, at), self._number(_UINT16, at + 2)
            if size < 4 or at + size > self._size:
                raise _outside()
            self._shared[at] = self._struct(f"<{size // 2 - 2}H", at + 4)
        return self._shared[at]

    def int8(self, table: int, field: int) -> int:
        """A field of one byte; 0 where it is not there, as for the next ones."""
        place = self.place(table, field)
        return self._number(_INT8, place) if place else 0

    def int32(self, table: int, field: int) -> int:
        """A field of four bytes."""
        place = self.place(table, field)
        return self._number(_INT32, place) if place else 0

    def uint32(self, table: int, field: int) -> int:
        """A field of four bytes, without a sign."""
        place = self.place(table, field)
        return self._number(_UINT32, place) if place else 0

    def uint64(self, table: int, field: int) -> int:
        """A field of eight bytes, without a sign."""
        place = self.place(table, field)
        return self._number(_UINT64, place) if place else 0

    def table(self, table: int, field: int) -> int:
        """The place of a table in a field."""
        place = self.place(table, field)
        return place + self._number(_UINT32, place) if place else 0

    def int32s(self, table: int, field: int) -> tuple[int, ...]:
        """A vector of numbers of four bytes."""
        count, at = self._counted(table, field)
        return self._struct(f"<{count}i", at) if count else ()

    def tables(self, table: int, field: int) -> list[int]:
        """The places of the tables in a vector."""
        count, at = self._counted(table, field)
        if not count:
            return []
        offsets = self._struct(f"<{count}I", at)
        return [at + 4 * index + offset for index, offset in enumerate(offsets)]

    def bytes_at(self, table: int, field: int) -> Span:
        """Where a vector of bytes begins and ends."""
        count, at = self._vector(table, field, 1)
        return at, at + count

    def checked(self, span: Span) -> Span:
        """A span that lies in the file; raises ModelFileError."""
        if span[1] > self._size:
            raise _outside()
        return span

    def content(self, span: Span) -> bytes:
        """The bytes of a span."""
        return self._content[span[0] : span[1]]

    def text(self, table: int, field: int) -> str:
        """A name; raises ModelFileError."""
        start, end = self.bytes_at(table, field)
        return text_of(self.content((start, min(end, start + MOST_NAME_BYTES + 1))))

    def _vector(self, table: int, field: int, size: int) -> tuple[int, int]:
        """How many items a vector has, and where the first begins."""
        place = self.place(table, field)
        if not place:
            return 0, 0
        at = place + self._number(_UINT32, place)
        count = self._number(_UINT32, at)
        if at + 4 + count * size > self._size:
            raise _outside()
        return count, at + 4

    def _counted(self, table: int, field: int) -> tuple[int, int]:
        """A vector of numbers, whose items are read one by one: there are only so many."""
        count, at = self._vector(table, field, 4)
        self._left -= count + 1
        if self._left < 0:
            raise ModelFileError(f"the file has more than {_MOST_ITEMS} items")
        return count, at

    def _number(self, kind: Struct, at: int) -> int:
        try:
            # A place before the beginning would count from the end.
            (value,) = kind.unpack_from(self._content, at) if at >= 0 else (None,)
        except error:
            value = None
        if value is None:
            raise _outside()
        return int(value)

    def _struct(self, layout: str, at: int) -> tuple[int, ...]:
        return Struct(layout).unpack_from(self._content, at)


def _outside() -> ModelFileError:
    return ModelFileError("the file refers to places outside of it")
