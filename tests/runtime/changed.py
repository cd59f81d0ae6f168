"""Bundles with one thing changed, otherwise whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeword.bundle.seal import sealed

Manifest = dict[str, Any]


def edit_manifest(bundle: Path, edit: Callable[[Manifest], object]) -> None:
    """Apply `edit` to the parsed manifest, and write its own digest again."""
    path = bundle / "manifest.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["sha256"]
    edit(data)
    path.write_bytes(sealed(json.dumps(data)))


def replace_file(bundle: Path, name: str, content: bytes) -> None:
    """Give a file other bytes, and the manifest their size and digest."""

    def edit(data: Manifest) -> None:
        entry = next(e for e in [data["tokenizer"], *data["files"], *data["variants"]] if e["file"] == name)
        entry.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())

    (bundle / name).write_bytes(content)
    edit_manifest(bundle, edit)


def keep_variants(bundle: Path, *names: str) -> None:
    """Take all other model files out of the bundle."""

    def edit(data: Manifest) -> None:
        data["variants"] = [entry for entry in data["variants"] if entry["file"] in names]

    edit_manifest(bundle, edit)
    for path in bundle.glob("model.*"):
        if path.name not in names:
            path.unlink()
