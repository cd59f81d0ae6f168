"""Hostile files beside the packed form: each is a zip that some reader takes, or says that it is one."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping

from edgeword.bundle.packed import Layout, Member, crc32, layout, packed
from edgeword.bundle.store import MANIFEST_FILE

Contents = Mapping[str, bytes]
FIRST_OF_1980 = (1980, 1, 1, 0, 0, 0)


def info(name: str) -> zipfile.ZipInfo:
    """What zipfile writes, as near to the packed form as it comes."""
    row = zipfile.ZipInfo(name, FIRST_OF_1980)
    row.external_attr = 0o100644 << 16
    return row


def zipped(
    contents: list[tuple[str, bytes]],
    *,
    compression: int = zipfile.ZIP_STORED,
    comment: bytes = b"",
    zip64: bool = False,
) -> bytes:
    """As zipfile writes it."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of a name twice
        archive.comment = comment
        for name, content in contents:
            row = info(name)
            row.compress_type = compression
            with archive.open(row, "w", force_zip64=zip64) as member:
                member.write(content)
    return buffer.getvalue()


def plan(contents: Contents) -> Layout:
    """The layout of the packed file."""
    return layout([Member(name.encode(), len(content), crc32(content)) for name, content in contents.items()])


def renamed(name: str) -> Callable[[Contents], bytes]:
    """The packed form, with another name in the place of the tokenizer's."""
    return lambda contents: packed({name if key == "tokenizer.json" else key: value for key, value in contents.items()})


def reordered(contents: Contents) -> bytes:
    return packed(dict(sorted(contents.items(), key=lambda item: (item[0] != MANIFEST_FILE, item[0]))))


def without(name: str) -> Callable[[Contents], bytes]:
    return lambda contents: packed({key: value for key, value in contents.items() if key != name})


def with_bytes(offset: int, value: bytes, *, which: str = "all") -> Callable[[Contents], bytes]:
    """Bytes at an offset of each local header and the same field of each directory row: both say the same lie."""

    def made(contents: Contents) -> bytes:
        content, at = bytearray(packed(contents)), plan(contents)
        row = len(content) - len(at.end) - len(at.directory)
        for place, header in zip(at.offsets, at.headers, strict=True):
            if which != "directory":
                content[place + offset : place + offset + len(value)] = value
            if which != "local":
                content[row + offset + 2 : row + offset + 2 + len(value)] = value
            row += 46 + len(header) - 30
        return bytes(content)

    return made


def at_end(offset: int, value: bytes) -> Callable[[Contents], bytes]:
    """Bytes at an offset of the end record."""

    def made(contents: Contents) -> bytes:
        content = bytearray(packed(contents))
        start = len(content) - 22 + offset
        content[start : start + len(value)] = value
        return bytes(content)

    return made


def put_in(place: Callable[[Layout], int]) -> Callable[[Contents], bytes]:
    """A byte more, and a directory that is found where it is then."""

    def made(contents: Contents) -> bytes:
        content, at = packed(contents), plan(contents)
        cut = place(at)
        start = len(content) - len(at.end) - len(at.directory) + 1
        return content[:cut] + b"\0" + content[cut:-6] + struct.pack("<IH", start, 0)

    return made


def overlapping(contents: Contents) -> bytes:
    """The last two rows of the directory show one place."""
    content, at = bytearray(packed(contents)), plan(contents)
    last = len(content) - 22 - 46 - (len(at.headers[-1]) - 30)
    content[last + 42 : last + 46] = struct.pack("<I", at.offsets[-2])
    return bytes(content)


def two_ends(contents: Contents) -> bytes:
    """A zip in the comment of another: of two readers each may see one."""
    inner = packed({MANIFEST_FILE: b"{}"})
    return packed(contents)[:-2] + struct.pack("<H", len(inner)) + inner


STORED: dict[str, Callable[[Contents], bytes]] = {
    "compressed": lambda c: zipped([*c.items()], compression=zipfile.ZIP_DEFLATED),
    "compressed by bzip2": lambda c: zipped([*c.items()], compression=zipfile.ZIP_BZIP2),
    "compressed by lzma": lambda c: zipped([*c.items()], compression=zipfile.ZIP_LZMA),
    "as zipfile stores it": lambda c: zipped([*c.items()]),
    "zip64": lambda c: zipped([*c.items()], zip64=True),
    "commented": lambda c: zipped([*c.items()], comment=b"a comment"),
    "two files of one name": lambda c: zipped([*c.items(), (MANIFEST_FILE, b"{}")]),
    "empty zip": lambda c: zipped([]),
    "the manifest alone": lambda c: packed({MANIFEST_FILE: c[MANIFEST_FILE]}),
    "no manifest": without(MANIFEST_FILE),
    "no tokenizer": without("tokenizer.json"),
    "no card": without("README.md"),
    "another order": reordered,
    "the manifest last": lambda c: packed({**{k: v for k, v in c.items() if k != MANIFEST_FILE}, MANIFEST_FILE: b"{}"}),
    "a file more": lambda c: packed({**c, "more": b"more"}),
    "a folder more": lambda c: packed({**c, "more/": b""}),
    "absolute name": renamed("/tokenizer.json"),
    "name of a drive": renamed("C:tokenizer.json"),
    "name above": renamed("../tokenizer.json"),
    "name in a folder": renamed("a/tokenizer.json"),
    "name with a backslash": renamed("..\\tokenizer.json"),
    "name with NUL": renamed("tokenizer.json\0.txt"),
    "name in capitals": renamed("TOKENIZER.JSON"),
    "no name": renamed(""),
    "name of 60,000 bytes": renamed("n" * 60_000),
    "encrypted": with_bytes(6, b"\x01\x08"),
    "sizes behind the content": with_bytes(6, b"\x08\x08"),
    "names in cp437": with_bytes(6, b"\x00\x00"),
    "another method": with_bytes(8, b"\x08\x00"),
    "a method in the directory alone": with_bytes(8, b"\x08\x00", which="directory"),
    "another date": with_bytes(12, b"\x22\x00"),
    "version of zip64": with_bytes(4, b"\x2d\x00"),
    "no local signature": with_bytes(0, b"PK\x07\x08", which="local"),
    "huge sizes": with_bytes(18, b"\xff" * 8),
    "huge sizes in front alone": with_bytes(18, b"\xff" * 8, which="local"),
    "huge sizes in the directory alone": with_bytes(18, b"\xff" * 8, which="directory"),
    "sizes of 0": with_bytes(18, b"\x00" * 8),
    "two sizes": with_bytes(22, b"\x01\x00\x00\x00"),
    "another CRC": with_bytes(14, b"\x00\x00\x00\x00"),
    "huge name": with_bytes(26, b"\xff\xff"),
    "an extra field": with_bytes(28, b"\x04\x00"),
    "overlapping": overlapping,
    "a byte in front": put_in(lambda at: 0),
    "a byte between": put_in(lambda at: at.offsets[1]),
    "a byte before the directory": put_in(lambda at: at.size - len(at.end) - len(at.directory)),
    "a byte behind": lambda c: packed(c) + b"\0",
    "a program in front": lambda c: b"#!/bin/sh\n" + packed(c),
    "a zip behind": lambda c: packed(c) * 2,
    "a zip in the comment": two_ends,
    "a comment without its bytes": at_end(20, b"\x01\x00"),
    "another disk": at_end(4, b"\x01\x00"),
    "more rows than there are": at_end(8, b"\xff\xff\xff\xff"),
    "huge directory": at_end(12, b"\xff\xff\xff\x7f"),
    "directory elsewhere": at_end(16, b"\x00\x00\x00\x00"),
    "directory behind the end": at_end(16, b"\xff\xff\xff\xff"),
    "nothing": lambda c: b"",
    "text": lambda c: b"next words\n" * 9,
    "an end alone": lambda c: packed(c)[-22:],
    "a manifest of no JSON": lambda c: packed({**c, MANIFEST_FILE: b"{"}),
    "a manifest in another code": lambda c: packed({**c, MANIFEST_FILE: c[MANIFEST_FILE].decode().encode("utf-16")}),
    "another tokenizer of its size": lambda c: packed({**c, "tokenizer.json": c["tokenizer.json"][::-1]}),
    "another tokenizer": lambda c: packed({**c, "tokenizer.json": c["tokenizer.json"] + b" "}),
}
