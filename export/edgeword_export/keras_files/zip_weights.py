"""The weights file inside a `.keras` file of Keras 2, under the paths at which Keras 3 looks for them."""

from __future__ import annotations

import re
from pathlib import Path

import h5py

_CONTAINER = "_layer_checkpoint_dependencies"
_NUMBERED = re.compile(r"(.*?)(?:_(\d+))?")


def renamed(path: Path) -> None:
    """Move the groups of a `model.weights.h5`, in place.

    On Windows the whole path of a group was its name. Keras 2.12 and 2.13 kept layers under another name, and
    counted each layer with weights twice: `lstm`, `lstm_2`, `lstm_4`.
    """
    with h5py.File(path, "r+") as file:
        for name in sorted(file, key=len):
            if "\\" in name:
                file.move(name, name.replace("\\", "/"))
        _rename(file)


def _rename(group: h5py.Group) -> None:
    if _CONTAINER in group and "layers" not in group:
        group.move(_CONTAINER, "layers")
        counts: dict[str, int] = {}
        for name in sorted(group["layers"], key=_class_and_number):
            kind, _ = _class_and_number(name)
            counts[kind] = counts.get(kind, -1) + 1
            today = f"{kind}_{counts[kind]}" if counts[kind] else kind
            if today != name:
                group["layers"].move(name, today)
    for inner in group.values():
        if isinstance(inner, h5py.Group):
            _rename(inner)


def _class_and_number(name: str) -> tuple[str, int]:
    found = _NUMBERED.fullmatch(name)
    return (found[1], int(found[2] or 0)) if found else (name, 0)
