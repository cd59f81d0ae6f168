"""What two processes say to each other: lines of JSON, and tensors in memory that both see."""

from __future__ import annotations

import json
import mmap
import os
import socket
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = Mapping[str, tuple[str, tuple[int, ...]]]
"""Tensors by name: dtype and shape."""

# What is asked for, and how a run ended: a byte and the graph's number there and a byte back.
GRAPH, RUN, DONE, FAILED = b"g", b"r", b"d", b"f"
_ALIGNMENT = 64


class Wire:
    """One end of a socket, on which lines and single bytes go by."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end

    def say(self, message: Any, before: bytes = b"", behind: bytes = b"") -> None:
        """A line of JSON, with bytes around it; raises OSError."""
        self.end.sendall(b"".join((before, json.dumps(message).encode(), b"\n", behind)))

    def hear(self) -> Any:
        """A line of JSON; raises EOFError where the other end is gone, OSError where it says nothing for too long."""
        line = bytearray()
        while not line.endswith(b"\n"):
            line += self.byte()
        return json.loads(line)

    def byte(self) -> bytes:
        """One byte; raises as `hear`."""
        found = self.end.recv(1)
        if not found:
            raise EOFError
        return found

    def bytes_of(self, size: int) -> bytes:
        """So many bytes; raises as `hear`."""
        content = bytearray()
        while len(content) < size:
            piece = self.end.recv(min(size - len(content), 1 << 20))
            if not piece:
                raise EOFError
            content += piece
        return bytes(content)


def size_of(rows: Rows) -> int:
    """Bytes of memory that the tensors take."""
    return sum(_bytes(*row) for row in rows.values()) or 1


def shared_memory(size: int) -> int:
    """A file of memory alone, where the system has such; its descriptor."""
    if hasattr(os, "memfd_create"):
        memory = os.memfd_create("edgeword")
    else:
        with tempfile.TemporaryFile() as file:
            memory = os.dup(file.fileno())
    os.ftruncate(memory, size)
    return memory


def tensors_in(memory: int, rows: Rows) -> dict[str, NDArray[Any]]:
    """The tensors in memory that both processes see, one behind the other."""
    held, offset, found = mmap.mmap(memory, size_of(rows)), 0, {}
    for name, (dtype, shape) in rows.items():
        count = int(np.prod(shape, dtype=np.int64))
        found[name] = np.frombuffer(held, dtype, count, offset).reshape(shape)
        offset += _bytes(dtype, shape)
    return found


def _bytes(dtype: str, shape: tuple[int, ...]) -> int:
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    return -(-size // _ALIGNMENT) * _ALIGNMENT
