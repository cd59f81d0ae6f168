"""Whatever bytes a model file has: it is read, or refused in one line, in a bounded time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword.model_files import onnx
from edgeword.model_files.layout import ModelFileError
from edgeword.model_files.protobuf import BYTES, Reader, message
from tests.attacks.model_readers import READERS, is_read
from tests.golden import FOLDER

WHOLE = {kind: [path.read_bytes() for path in sorted(FOLDER.glob(f"*/*.{kind}"))] for kind in READERS}
KINDS = st.sampled_from(list(READERS))


@pytest.mark.parametrize("kind", READERS)
def test_what_was_exported_is_read(kind):
    for content in WHOLE[kind]:
        assert READERS[kind](content)


@settings(max_examples=300)
@given(KINDS, st.binary(max_size=400))
def test_random_bytes(kind, content):
    is_read(kind, content)
    is_read("tflite", content[:4] + b"TFL3" + content[4:])


@st.composite
def mutated(draw):
    """A whole file with a few bytes changed, taken out or put in, most of them where it is not weights."""
    kind = draw(KINDS)
    content = bytearray(draw(st.sampled_from(WHOLE[kind])))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(content)))
        content[place : place + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return kind, bytes(content)


@settings(max_examples=400)
@given(mutated())
def test_files_with_some_bytes_changed(changed):
    is_read(*changed)


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE["tflite"]) - 1), st.data())
def test_files_with_some_offsets_changed(number, data):
    """Of FlatBuffers, which are nothing but offsets."""
    content = WHOLE["tflite"][number]
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) // 4 - 1)) * 4
        changed[place : place + 4] = data.draw(st.integers(0, 2**32 - 1)).to_bytes(4, "little")
    is_read("tflite", bytes(changed))


@pytest.mark.parametrize("kind", READERS)
def test_every_truncation_is_refused_or_read(kind):
    content = min(WHOLE[kind], key=len)
    for length in range(0, len(content), 7):
        is_read(kind, content[:length])


def test_nesting_costs_no_depth():
    """A message in itself ten thousand times: what the table does not know is not looked into."""
    content = b""
    for _ in range(10_000):
        size = len(content)
        content = b"\x3a" + bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14]) + content
    with pytest.raises(ModelFileError):
        onnx.read(content)


@given(st.integers(0, 2**64 - 1), st.integers(1, 4))
def test_numbers_are_read_as_they_were_written(number, padding):
    """Also where a writer was not brief."""
    written = bytearray()
    left = number
    while left >= 0x80:
        written.append(left & 0x7F | 0x80)
        left >>= 7
    written.append(left)
    if len(written) + padding <= 10:
        written[-1] |= 0x80
        written += b"\x80" * (padding - 1) + b"\x00"
    row = message("row", {"number": (1, 0), "span": (2, BYTES)})
    content = b"\x08" + bytes(written) + b"\x12\x02ab"
    assert Reader(content).read((0, len(content)), row) == {
        "number": [number],
        "span": [(len(content) - 2, len(content))],
    }
