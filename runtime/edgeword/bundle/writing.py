"""Writing a bundle: nothing of it, or all of it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from edgeword.bundle.bundle import check_sizes
from edgeword.bundle.limits import MANIFEST_BYTES, check_size
from edgeword.bundle.manifest import Manifest
from edgeword.bundle.seal import sealed
from edgeword.bundle.store import MANIFEST_FILE
from edgeword.files import write_folder


def write_bundle(path: str | os.PathLike[str], manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Write a new bundle so that a crash leaves either nothing or all of it at `path`."""
    content = sealed(manifest.to_json())
    check_size(MANIFEST_FILE, len(content), MANIFEST_BYTES)
    check_sizes(manifest)
    write_folder(path, {**files, MANIFEST_FILE: content})
