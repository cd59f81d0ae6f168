"""The house, read from its own files: what docs/architecture.md shows, and what the tests hold it to.

A room is a folder of a package, or a module that stands beside the folders.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "edgeword": "runtime",
    "edgeword_train": "train",
    "edgeword_export": "export",
    "edgeword_bench": "benchmarks",
}
"""Import package → its top-level folder."""
ARROWS = {
    "edgeword": set(),
    "edgeword_train": {"edgeword"},
    "edgeword_export": {"edgeword", "edgeword_train"},
    "edgeword_bench": {"edgeword"},
}
"""Which package may import which."""


@dataclass(frozen=True)
class Module:
    """A module of one of the packages."""

    name: str
    """Dotted."""
    path: Path
    summary: str
    """The first line of its docstring."""
    imports: frozenset[str]
    """Modules of the packages that it imports, wherever in its text."""

    @property
    def package(self) -> str:
        """The import package."""
        return self.name.partition(".")[0]

    @property
    def room(self) -> str:
        """The folder in its package, or itself."""
        return ".".join(self.name.split(".")[:2])


def modules() -> dict[str, Module]:
    """Every module by its name; `__init__` and `__main__` only hand on what others do."""
    files = {
        ".".join(path.relative_to(ROOT / folder).with_suffix("").parts): path
        for package, folder in PACKAGES.items()
        for path in sorted((ROOT / folder / package).rglob("*.py"))
        if not path.name.startswith("__")
    }
    return {name: _module(name, path, set(files)) for name, path in files.items()}


def _module(name: str, path: Path, known: set[str]) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    summary = (ast.get_docstring(tree) or "").partition("\n")[0]
    return Module(name, path, summary, frozenset(set(_imported(tree)) & known))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def rooms(package: str) -> dict[str, set[str]]:
    """Each room of a package → the rooms of the same package that it imports."""
    found: dict[str, set[str]] = {}
    for module in modules().values():
        if module.package == package:
            targets = {".".join(name.split(".")[:2]) for name in module.imports if name.partition(".")[0] == package}
            found.setdefault(module.room, set()).update(targets - {module.room})
    return found


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """Names that lead back to the first of them, or nothing."""
    done: set[str] = set()

    def search(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        found = next(filter(None, (search(target, [*way, name]) for target in sorted(arrows.get(name, ())))), [])
        done.add(name)
        return found

    return next(filter(None, (search(name, []) for name in sorted(arrows))), [])


def picture(package: str) -> str:
    """The rooms of a package and what they stand on, as a Mermaid flowchart without the arrows that others imply."""
    arrows = rooms(package)
    lines = ["```mermaid", "flowchart TD"]
    for name in sorted(arrows):
        direct = arrows[name] - {far for near in arrows[name] for far in _reached(near, arrows)}
        lines += [f"  {_short(name)} --> {_short(target)}" for target in sorted(direct)]
    return "\n".join([*lines, "```"])


def _reached(name: str, arrows: dict[str, set[str]]) -> set[str]:
    return set.union(set(), *({target} | _reached(target, arrows) for target in arrows[name]))


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def module_map(package: str) -> str:
    """A table of the modules of a package, room by room, in the words of their own docstrings."""
    found = [module for module in modules().values() if module.package == package]
    found.sort(key=lambda module: (module.name.count("."), module.name))
    rows = [f"| `{'/'.join(module.name.split('.')[1:])}` | {module.summary.rstrip('.')} |" for module in found]
    return "\n".join(["| module | what it is |", "| --- | --- |", *rows])
