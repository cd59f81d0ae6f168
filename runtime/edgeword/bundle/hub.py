"""A bundle that is a repository of Hugging Face's Hub: what of it is in the cache here, else fetched once."""

from __future__ import annotations

import os
from importlib import import_module

from edgeword.bundle.folder import Folder
from edgeword.bundle.store import MANIFEST_FILE
from edgeword.errors import BundleError, first_line
from edgeword.installing import install_command

_MAIN = "main"


class Snapshot(Folder):
    """A revision in the Hub's cache, where each file may be a link to one of the repository's blobs."""

    def __init__(self, path: str) -> None:
        self._blobs = os.path.realpath(os.path.join(path, os.pardir, os.pardir, "blobs"))
        super().__init__(path)

    def _at(self, name: str) -> str:
        """The blob; any other link stays one, and is refused as in every folder."""
        path = super()._at(name)
        blob = os.path.realpath(path)
        return blob if os.path.dirname(blob) == self._blobs else path


def may_be_repository(path: str) -> bool:
    """Whether a path that leads to nothing names a repository: `owner/name`, and no folder `owner` stands here."""
    owner, _, name = path.partition("/")
    plain = bool(owner.strip(".~")) and bool(name) and not set(name) & {"/", "\\"}
    return plain and not os.path.lexists(owner)


def snapshot(name: str) -> Snapshot:
    """The store of a repository, `owner/name` or `owner/name@revision`.

    What is in the cache is taken as it is: the Hub is asked for what is not there, and for nothing else. Raises
    BundleError.
    """
    repository, _, revision = name.partition("@")
    return Snapshot(_cached(repository, revision or _MAIN) or _fetched(repository, revision or _MAIN))


def _cache() -> str:
    """The folder in which all of Hugging Face's libraries keep what they fetched."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    home = os.environ.get("HF_HOME") or os.path.join(home, "huggingface")
    return os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")


def _cached(repository: str, revision: str) -> str | None:
    folder = os.path.join(_cache(), f"models--{repository.replace('/', '--')}")
    try:
        with open(os.path.join(folder, "refs", revision), encoding="ascii") as file:
            commit = file.read(100).strip()
    except (OSError, UnicodeDecodeError):
        commit = revision
    path = os.path.join(folder, "snapshots", os.path.basename(commit))
    # A fetch that was cut off left some files: the Hub is asked again for the others.
    return path if os.path.lexists(os.path.join(path, MANIFEST_FILE)) else None


def _fetched(repository: str, revision: str) -> str:
    try:
        hub = import_module("huggingface_hub")
    except ImportError:
        raise BundleError(
            f"{repository} is no bundle: there is no such folder, and no such repository in {_cache()}; "
            f"make one with: edgeword export MODEL --out BUNDLE, or to fetch it: {install_command('hub')}"
        ) from None
    try:
        return str(hub.snapshot_download(repository, revision=revision))
    except Exception as error:  # its own errors, those of its HTTP client, and the disk's
        raise BundleError(
            f"{repository} is no bundle: there is no such folder, and the Hub does not give it ({first_line(error)}); "
            "see to the name and the network, or make one with: edgeword export MODEL --out BUNDLE"
        ) from None
