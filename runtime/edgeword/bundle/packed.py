"""A bundle in one file: a zip of its files as they are, in the one form that `pack` writes. All else is refused.

So a reader follows nothing that the file says: it works out the file that `pack` would write for these names, sizes and
CRCs, and holds every byte that is no content against it. `docs/bundle-format.md` has the form.
"""

from __future__ import annotations

import os
import stat
import struct
from binascii import crc32
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from edgeword.bundle.limits import MANIFEST_BYTES, check_size
from edgeword.bundle.manifest import FileEntry, Variant
from edgeword.bundle.statement import SIGNATURE_SIZE
from edgeword.bundle.store import MANIFEST_FILE, SIGNATURE_FILE
from edgeword.errors import BundleError
from edgeword.frozen import frozen

MAX_DIRECTORY = 1 << 16
"""Bytes of the central directory: a thousand files."""
MAX_FILE = (1 << 32) - 1
"""Bytes of a packed file: what a zip without 64-bit fields can say."""

# APPNOTE.TXT of PKWARE: 4.3.7, 4.3.12 and 4.3.16.
_LOCAL, _DIRECTORY, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION = 20
_MADE_BY_UNIX = 3 << 8 | _VERSION
_UTF8, _STORED = 0x0800, 0
_MIDNIGHT, _FIRST_OF_1980 = 0, 1 << 5 | 1
_REGULAR_FILE = (stat.S_IFREG | 0o644) << 16
_FIELDS = (_VERSION, _UTF8, _STORED, _MIDNIGHT, _FIRST_OF_1980)
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_DIRECTORY_HEADER = struct.Struct("<4s6H3I5H2I")
_END_RECORD = struct.Struct("<4s4H2IH")


@frozen
class Member:
    """A file in the packed one: its size in bytes, and its CRC-32."""

    name: bytes
    size: int
    crc: int

    def header(self) -> bytes:
        """What stands before its content."""
        return _LOCAL_HEADER.pack(_LOCAL, *_FIELDS, *self._measures(), len(self.name), 0) + self.name

    def row(self, offset: int) -> bytes:
        """Its row in the directory; its header stands at the offset."""
        rest = (len(self.name), 0, 0, 0, 0, _REGULAR_FILE, offset)
        return _DIRECTORY_HEADER.pack(_DIRECTORY, _MADE_BY_UNIX, *_FIELDS, *self._measures(), *rest) + self.name

    def _measures(self) -> tuple[int, int, int]:
        return self.crc, self.size, self.size


@frozen
class Layout:
    """Every byte of a packed file that is no content: a header for each member, where it stands, and the end."""

    headers: tuple[bytes, ...]
    offsets: tuple[int, ...]
    directory: bytes
    end: bytes
    size: int
    """Bytes of the file."""


def layout(members: list[Member]) -> Layout:
    """Of a file with these members; raises OverflowError where a zip without 64-bit fields cannot say it."""
    headers, offsets, place = tuple(member.header() for member in members), [], 0
    for member, header in zip(members, headers, strict=True):
        offsets.append(place)
        place += len(header) + member.size
    if place > MAX_FILE - MAX_DIRECTORY - _END_RECORD.size:
        raise OverflowError("it has more than 4 GB")
    directory = b"".join(map(Member.row, members, offsets))
    if len(directory) > MAX_DIRECTORY:
        raise OverflowError("it has too many files")
    end = _END_RECORD.pack(_END, 0, 0, len(members), len(members), len(directory), place, 0)
    return Layout(headers, tuple(offsets), directory, end, place + len(directory) + len(end))


def packed(contents: Mapping[str, bytes]) -> bytes:
    """The packed file of a bundle's `contents`: equal bytes for equal bundles. Raises BundleError for one too large."""
    try:
        members = [Member(name.encode(), len(content), crc32(content)) for name, content in contents.items()]
        plan = layout(members)
    except (OverflowError, UnicodeEncodeError) as error:
        raise BundleError(f"the bundle cannot be one file: {error}; keep it as a folder") from None
    parts = [part for pair in zip(plan.headers, contents.values(), strict=True) for part in pair]
    return b"".join([*parts, plan.directory, plan.end])


class Packed:
    """The store of a bundle that is one file. It is opened for each reading, as the files of a folder are."""

    def __init__(self, path: str) -> None:
        self.path = path
        with self._open() as file:
            size = os.fstat(file.fileno()).st_size
            self._members = self._directory(file, size)
            self._layout = self._checked(file, size)
        first = self._members[0]
        if first.name != MANIFEST_FILE.encode() or first.size > MANIFEST_BYTES:
            raise self._refusal(f"it does not begin with a {MANIFEST_FILE} of at most {MANIFEST_BYTES >> 20} MB")

    def names(self) -> list[str]:
        """See `Store`."""
        return [member.name.decode() for member in self._members]

    def check(self, entries: list[FileEntry | Variant]) -> None:
        """See `Store`; and refuse a file that the manifest does not list, and another order."""
        signed = [SIGNATURE_FILE] if self.signature() else []
        if self.names() != [MANIFEST_FILE, *(entry.file for entry in entries), *signed]:
            raise self._refusal("its files are not those that its manifest lists, in that order")
        for entry, member in zip(entries, self._members[1:], strict=False):
            if member.size != entry.size:
                raise self._damage(entry.file, f"has not the {entry.size} bytes that were exported")

    def signature(self) -> bytes | None:
        """See `Store`."""
        last = self._members[-1]
        if last.name != SIGNATURE_FILE.encode():
            return None
        if last.size != SIGNATURE_SIZE:
            raise self._damage(SIGNATURE_FILE, f"has not the {SIGNATURE_SIZE} bytes of a signature")
        return self.content(SIGNATURE_FILE, SIGNATURE_SIZE)

    def content(self, name: str, most: int) -> bytes:
        """See `Store`."""
        place = self.names().index(name)
        member, start = self._members[place], self._layout.offsets[place] + len(self._layout.headers[place])
        check_size(name, member.size, most)
        with self._open() as file:
            content = self._bytes(file, start, member.size)
        if crc32(content) != member.crc:
            raise self._damage(name, "is not the file that was packed")
        return content

    def _directory(self, file: BinaryIO, size: int) -> list[Member]:
        """What the directory says is there, no byte of it trusted yet."""
        if size < _END_RECORD.size:
            raise self._refusal("it is cut off, or no zip")
        end = self._bytes(file, size - _END_RECORD.size, _END_RECORD.size)
        signature, *_, length, start, _ = _END_RECORD.unpack(end)
        if signature != _END or length > MAX_DIRECTORY or start + length + _END_RECORD.size != size:
            raise self._refusal("it is cut off, or no zip")
        try:
            members = list(_rows(self._bytes(file, start, length)))
        except (struct.error, UnicodeDecodeError):
            members = []
        if not members:
            raise self._refusal("its directory cannot be read")
        return members

    def _checked(self, file: BinaryIO, size: int) -> Layout:
        """The layout, which every byte of the file that is no content was held against."""
        try:
            plan = layout(self._members)
        except OverflowError as error:
            raise self._refusal(str(error)) from None
        tail = plan.directory + plan.end
        expected = {plan.size - len(tail): tail, **dict(zip(plan.offsets, plan.headers, strict=True))}
        if plan.size != size or any(self._bytes(file, at, len(part)) != part for at, part in expected.items()):
            raise self._refusal("edgeword writes other bytes between its files")
        return plan

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        try:
            with open(self.path, "rb", opener=_without_waiting) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise self._refusal("it is not a regular file")
                yield file
        except OSError as error:
            raise BundleError(f"cannot read {self.path}: {error.strerror}; copy it again") from None

    def _bytes(self, file: BinaryIO, start: int, count: int) -> bytes:
        file.seek(start)
        found = file.read(count)
        if len(found) != count:
            raise self._refusal("it is cut off")
        return found

    def _refusal(self, why: str) -> BundleError:
        return BundleError(
            f"{self.path} is no bundle in one file: {why}; copy it again, or make it with: edgeword pack"
        )

    def _damage(self, name: str, what: str) -> BundleError:
        return BundleError(f"{os.path.join(self.path, name)} {what}; copy the bundle again")


def _rows(directory: bytes) -> Iterator[Member]:
    """Raises struct.error or UnicodeDecodeError where a row cannot be read."""
    place = 0
    while place < len(directory):
        row = _DIRECTORY_HEADER.unpack_from(directory, place)
        crc, size, length = row[7], row[8], row[10]
        place += _DIRECTORY_HEADER.size + length
        name = directory[place - length : place]
        name.decode()
        yield Member(name, size, crc)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file, also a pipe that was put in its place, at once."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
