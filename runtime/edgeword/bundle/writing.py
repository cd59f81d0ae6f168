"""Writing a bundle: nothing of it, or all of it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from edgeword.bundle.bundle import MANIFEST_FILE
from edgeword.bundle.manifest import Manifest
from edgeword.files import write_folder


def write_bundle(path: str | os.PathLike[str], manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Write a new bundle so that a crash leaves either nothing or all of it at `path`."""
    write_folder(path, {**files, MANIFEST_FILE: manifest.to_json().encode("utf-8")})
