"""The columns of the peers, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeword_bench.report.columns import Column, plain
from edgeword_bench.report.figures import between, figure

Row = dict[str, Any]


def by_time(rows: Sequence[Row]) -> list[Row]:
    """Fastest first, each with `over_fastest`; what has no time comes last."""
    ordered = sorted(rows, key=lambda row: row["p50_us"] or float("inf"))
    return [{**row, "over_fastest": row["p50_us"] and row["p50_us"] / ordered[0]["p50_us"]} for row in ordered]


def ratio(value: float | None) -> str:
    """A ratio in words."""
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _words(row: Row) -> str:
    if row["p50_us"] is None:
        return "–"
    return "the same" if row["agreement"] is None else f"{row['agreement']:.0%} agree"


def _time(row: Row) -> tuple[str, str]:
    if row["p50_us"] is None:
        return f"not measured: {row['reason']}", ""
    return figure(row["p50_us"]), between(row["interval_us"])


PEER_COLUMNS = (
    plain("way", lambda row: f"**{row['name']}**" if row["name"].startswith("edgeword") else row["name"]),
    plain("library", lambda row: row["library"] or "–"),
    plain("threads", lambda row: str(row["threads"] or "its own")),
    plain("words", _words),
    Column("µs a word", "95 %", _time, in_line=True),
    plain("over the fastest", lambda row: "–" if row["over_fastest"] is None else ratio(row["over_fastest"])),
)
