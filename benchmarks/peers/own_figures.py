"""The figures that edgeword promises of itself, from the rows and from processes of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import edgeword
from edgeword.engines import ENGINES
from peers.cold_start import cold_start
from peers.connection import child_environment
from peers.flatness import flatness
from peers.interleaving import Row, median, median_interval
from peers.task import Task

RUNS = 15

# What is divided, the peer above and the peer below.
_NOTEBOOK = "notebook: pad_sequences + model.predict"
RATIOS: tuple[tuple[str, str, str], ...] = tuple(
    row
    for engine in ENGINES
    for row in (
        ("notebook over edgeword", _NOTEBOOK, f"edgeword {engine}, dynamic-int8"),
        ("edgeword over bare loop, float32", f"edgeword {engine}, float32", f"bare {engine} step, float32"),
        (
            "edgeword over bare loop, dynamic-int8",
            f"edgeword {engine}, dynamic-int8",
            f"bare {engine} step, dynamic-int8",
        ),
        ("float32 over dynamic-int8", f"edgeword {engine}, float32", f"edgeword {engine}, dynamic-int8"),
        ("dynamic-int8 over int4", f"edgeword {engine}, dynamic-int8", f"edgeword {engine}, int4"),
    )
)
_SIZE_RATIOS = (("dynamic-int8", "float32"), ("int4", "dynamic-int8"))


def own_figures(rows: Sequence[Row], folder: Path, runs: int = RUNS) -> dict[str, Any]:
    """Raw values and ratios; a ratio that could not be had is None."""
    bundle = edgeword.Bundle(folder / "bundle")
    prompt = bundle.tokenizer.decode(Task.load(folder).prompt)
    environment = child_environment(folder)
    # A user's first start writes the byte code, and the others find it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    flat = {engine: flatness(bundle.path, engine, prompt, environment, runs) for engine in ENGINES}
    cold = {engine: cold_start(bundle.path, engine, environment, runs) for engine in ENGINES}
    sizes = {variant.file: variant.size for variant in bundle.manifest.variants}
    return {
        "time_ratios": time_ratios(rows),
        "flatness": {engine: {"ratio": median(ratios), "ratios": ratios} for engine, ratios in flat.items()},
        "cold_start": {
            engine: {"ratio": _over(median(seconds["generate"]), median(seconds["imports"])), "seconds": seconds}
            for engine, seconds in cold.items()
        },
        "size_bytes": sizes,
        "size_ratios": size_ratios(sizes),
    }


def time_ratios(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The table above, divided round by round, so that a slow round counts on both sides; medians."""
    times = {row.peer.name: row.times_us for row in rows}
    found = []
    for what, above, below in RATIOS:
        ratios = [one / other for one, other in zip(times.get(above, []), times.get(below, []), strict=False)]
        found.append(
            {
                "what": what,
                "above": above,
                "below": below,
                "ratio": median(ratios),
                "interval": median_interval(ratios),
            }
        )
    return found


def size_ratios(sizes: dict[str, int]) -> list[dict[str, Any]]:
    """The files of one precision over those of another."""
    return [
        {
            "what": f"{above} over {below}, {kind.format}",
            "ratio": _over(sizes.get(f"model.{above}.{kind.format}"), sizes.get(f"model.{below}.{kind.format}")),
        }
        for kind in ENGINES.values()
        for above, below in _SIZE_RATIOS
    ]


def _over(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None else above / below
