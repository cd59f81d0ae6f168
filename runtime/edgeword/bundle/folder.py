"""A bundle in a folder."""

from __future__ import annotations

import os
import stat

from edgeword.bundle.limits import irregular, read_regular
from edgeword.bundle.manifest import FileEntry, Variant
from edgeword.bundle.statement import SIGNATURE_SIZE
from edgeword.bundle.store import MANIFEST_FILE, SIGNATURE_FILE
from edgeword.errors import BundleError


class Folder:
    """The store of a bundle that is a folder."""

    def __init__(self, path: str) -> None:
        self.path = path
        if not os.path.lexists(self._at(MANIFEST_FILE)):
            found = "it has no manifest.json" if os.path.isdir(self.path) else "there is no such folder"
            raise BundleError(f"{self.path} is no bundle: {found}; make one with: edgeword export MODEL --out BUNDLE")
        if os.path.islink(self._at(MANIFEST_FILE)) or not os.path.isfile(self._at(MANIFEST_FILE)):
            raise irregular(self._at(MANIFEST_FILE))

    def names(self) -> list[str]:
        """See `Store`."""
        try:
            return os.listdir(self.path)
        except OSError as error:
            raise BundleError(f"cannot list {self.path}: {error.strerror}; see to its permissions") from None

    def content(self, name: str, most: int) -> bytes:
        """See `Store`."""
        try:
            return read_regular(self._at(name), most)
        except OSError as error:
            raise BundleError(f"cannot read {self._at(name)}: {error.strerror}; copy the bundle again") from None

    def signature(self) -> bytes | None:
        """See `Store`."""
        path = self._at(SIGNATURE_FILE)
        try:
            found = os.lstat(path)
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_size != SIGNATURE_SIZE:
            raise BundleError(f"{path} is not a signature of {SIGNATURE_SIZE} bytes; remove it and sign again")
        return self.content(SIGNATURE_FILE, SIGNATURE_SIZE)

    def check(self, entries: list[FileEntry | Variant]) -> None:
        """See `Store`."""
        for entry in entries:
            path = self._at(entry.file)
            try:
                found = os.lstat(path)
            except FileNotFoundError:
                raise BundleError(f"{self.path} misses {entry.file}; copy the bundle again") from None
            except OSError as error:
                raise BundleError(f"cannot read {path}: {error.strerror}; see to its permissions") from None
            if not stat.S_ISREG(found.st_mode):
                raise irregular(path)
            if found.st_size != entry.size:
                raise BundleError(f"{path} has not the {entry.size} bytes that were exported; copy the bundle again")

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name)
