"""Tables as lines of text."""

from __future__ import annotations

from collections.abc import Sequence

LINE = 100
"""Columns of a terminal that a line may take."""


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Each row as a line, its cells padded to the width of their column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
