"""The columns of the figures of asking."""

from __future__ import annotations

from typing import Any

from edgeword_bench.report.columns import plain
from studies.peers.columns import ratio


def _goal(row: dict[str, Any]) -> str:
    if row["goal"] is None:
        return ""
    return f"{'≥' if row['is_at_least'] else '≤'} {ratio(row['goal'])} {row['unit']}".strip()


def _value(row: dict[str, Any]) -> str:
    if row["value"] is None or row["goal"] is None or (row["value"] >= row["goal"]) == row["is_at_least"]:
        return f"{ratio(row['value'])} {row['unit']}".strip()
    return f"**{ratio(row['value'])} {row['unit']}".strip() + "**"


COLUMNS = (
    plain("ratio", lambda row: row["what"]),
    plain("model", lambda row: row["model"]),
    plain("engine", lambda row: row["engine"]),
    plain("precision", lambda row: row["precision"]),
    plain("goal", _goal),
    plain("found", _value),
)
