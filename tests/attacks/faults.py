"""A disk that fails at its Nth call."""

from __future__ import annotations

import builtins
import contextlib
import errno
import functools
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# What a disk is asked for; each of them fails in turn. Unlinking does not: what cannot even be removed stays.
OS_CALLS = ("open", "fsync", "rename", "replace", "mkdir", "chmod", "write", "pwrite", "ftruncate")


class Disk:
    """Counts the calls that concern a folder, and fails at one of them; the next one works again."""

    def __init__(self, folder: Path, fails_at: int | None = None) -> None:
        self.calls: list[str] = []
        self._folder, self._fails_at = folder, fails_at

    def passing(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, counted, unless it is the one that fails."""

        def counted(place: Any, *args: Any, **options: Any) -> Any:
            self._count(name, place)
            return call(place, *args, **options)

        return counted

    def opened(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """`open`, the files of which fail when they are written to or closed."""

        def counted(place: Any, *args: Any, **options: Any) -> Any:
            self._count(name, place)
            file = call(place, *args, **options)
            return _Written(file, self, place) if file.writable() and self._is_here(place) else file

        return counted

    def _is_here(self, place: Any) -> bool:
        path = Path(f"/proc/self/fd/{place}").readlink() if isinstance(place, int) else os.fspath(place)
        return str(path).startswith(str(self._folder))

    def _count(self, name: str, place: Any) -> None:
        if not self._is_here(place):
            return
        self.calls.append(name)
        if len(self.calls) - 1 == self._fails_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _Written:
    """A file whose `write` can fail."""

    def __init__(self, file: Any, disk: Disk, place: Any) -> None:
        write = disk.passing("write to a file", lambda _place, content: file.write(content))
        self._file, self.write = file, functools.partial(write, place)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, *_given: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)


@contextlib.contextmanager
def failing(disk: Disk) -> Iterator[None]:
    """All of this process goes through `disk`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in OS_CALLS:
            patch.setattr(os, name, disk.passing(name, getattr(os, name)))
        opened = disk.opened("open a file", io.open)
        patch.setattr(io, "open", opened)
        patch.setattr(builtins, "open", opened)
        yield
