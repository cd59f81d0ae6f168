"""The blocks of the documents: commands, and Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(document: Path, kind: str) -> list[str]:
    """Its blocks of a kind."""
    return [text for found, text in _BLOCK.findall(document.read_text(encoding="utf-8")) if found == kind]


def commands(document: Path) -> Iterator[str]:
    """What is typed in its consoles, without prompts, pipes and what a comment says."""
    for block in blocks(document, "console"):
        for line in re.sub(r"\\\n", " ", block).splitlines():
            if line.startswith("$ "):
                yield from (part.strip() for part in re.split(r" \| | && | > ", line[2:].partition("  #")[0]))
