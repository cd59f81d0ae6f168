"""Where a bundle's bytes come from: a folder, or one file."""

from __future__ import annotations

from typing import Protocol

from edgeword.bundle.manifest import FileEntry, Variant

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.json.sig"


class Store(Protocol):
    """The files of a bundle by their names; each method raises BundleError."""

    def names(self) -> list[str]:
        """Every name that is there, in any order."""

    def signature(self) -> bytes | None:
        """The manifest's signature, of whatever key; None where there is none."""

    def check(self, entries: list[FileEntry | Variant]) -> None:
        """Refuse a file that the manifest lists and that is missing, not regular, or of another size."""

    def content(self, name: str, most: int) -> bytes:
        """The bytes of one file, of at most so many; whether they are the right ones is for the caller to find out."""
