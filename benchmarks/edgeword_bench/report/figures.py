"""Figures as words: about three digits, and a dash for what was not measured, which is never 0."""

from __future__ import annotations

from collections.abc import Sequence

from edgeword_bench.results.result import Interval

NOTHING = "–"


def figure(value: float | None) -> str:
    """In about three digits."""
    if value is None:
        return NOTHING
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 1:
        return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.3g}"


def megabytes(size: int) -> str:
    """Of bytes; 1 MB is 10^6."""
    return f"{size / 1e6:,.2f}" if size >= 1e6 else figure(size / 1e6)


def between(interval: Interval | None) -> str:
    """Both ends of an interval."""
    return "–".join(map(figure, interval)) if interval else ""


def percent(change: float) -> str:
    """With its sign, and no minus before a zero."""
    return f"{round(change, 2) + 0.0:+.2f} %"


def share(value: float) -> str:
    """0 to 1 as percent."""
    return f"{value:.1%}".replace("%", " %")


def span(values: Sequence[float]) -> str:
    """The least and the largest, or the one that both are."""
    low, high = f"{min(values):,.2f}", f"{max(values):,.2f}"
    return low if low == high else f"{low} to {high}"
