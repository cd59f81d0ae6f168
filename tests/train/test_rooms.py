"""The rooms of the package: arrows between them run one way, and modules import each other in no circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import edgeword_train

PACKAGE = Path(edgeword_train.__file__).parent
# A room imports those before it alone; `commands` is imported by none.
ORDER = (
    "errors",
    "options",
    "presets",
    "tensorflow_import",
    "data",
    "models",
    "run",
    "fitting",
    "training",
    "commands",
)
LARGEST_ROOM = 12


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(name: str) -> Iterator[str]:
    """The modules of the package that one of them imports, also within its functions."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("edgeword_train"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


def room_of(name: str) -> str:
    return name.split(".")[1]


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: set(imported(name)) for name in MODULES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES) > 20


@pytest.mark.parametrize("name", [name for name in MODULES if name != "edgeword_train"])
def test_a_module_imports_only_what_lies_below_it(name: str) -> None:
    rank = ORDER.index(room_of(name))
    for other in imported(name):
        assert ORDER.index(room_of(other)) < rank or room_of(other) == room_of(name), other


def test_no_room_is_crowded() -> None:
    folders = {path.parent for path in MODULES.values()}
    assert {folder.name: n for folder in folders if (n := len(list(folder.glob("*.py")))) > LARGEST_ROOM} == {}
