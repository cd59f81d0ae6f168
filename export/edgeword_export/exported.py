"""What an export wrote."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from edgeword.bundle.manifest import Manifest
from edgeword.bundle.summary import fidelity_rows, verified_line
from edgeword.language_model import LanguageModel, load

if TYPE_CHECKING:
    from edgeword.choice.choosing import PrecisionChoice
    from edgeword.engines.engine import EngineChoice


@dataclass(frozen=True)
class Exported:
    """What an export wrote; a notebook shows it as a table."""

    path: Path
    """The bundle."""
    manifest: Manifest
    failures: tuple[str, ...]
    """Each variant that was left out, with the reason."""

    def load(
        self, engine: EngineChoice = "auto", precision: PrecisionChoice = "auto", threads: int = 1
    ) -> LanguageModel:
        """The bundle, as `edgeword.load` loads it."""
        return load(self.path, engine, precision, threads)

    def __repr__(self) -> str:
        files = ", ".join(variant.file for variant in self.manifest.variants)
        left_out = f"; left out: {len(self.failures)}" if self.failures else ""
        return f"<Exported {str(self.path)!r}: {files}{left_out}>"

    def _repr_html_(self) -> str:
        """For notebooks: each variant beside the Keras model."""
        header, *rows = fidelity_rows(self.manifest.variants)
        notes = [self.manifest.convention.line, verified_line(self.manifest.variants)]
        notes += [f"left out {failure}" for failure in self.failures]
        lines = [_line("th", header), *(_line("td", row) for row in rows)]
        said = "".join(f"<p>{escape(note)}</p>" for note in notes)
        table = f'<table style="white-space: nowrap">{"".join(lines)}</table>'
        # On a phone it is as wide as it is, and scrolls.
        return f'<p><b>{escape(str(self.path))}</b></p><div style="overflow-x: auto">{table}</div>{said}'


def _line(kind: str, cells: tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in cells)}</tr>"
