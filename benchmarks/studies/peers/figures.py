"""The figures that edgeword promises of itself, from the harness and from processes of their own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import edgeword
from edgeword.engines.engine import ENGINES
from edgeword.precisions import model_file
from edgeword_bench.measuring.subject import SubjectTimes
from edgeword_bench.results.percentiles import median, percentile
from edgeword_bench.results.summary import process_medians, times_of
from studies.peers.cold_start import cold_start
from studies.peers.flatness import flatness
from studies.peers.table import child_environment
from studies.peers.task import Task

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


def own_figures(times: Mapping[str, Sequence[SubjectTimes]], folder: Path, runs: int = RUNS) -> dict[str, Any]:
    """Raw values and ratios; a ratio that could not be had is None."""
    bundle = edgeword.Bundle(folder / "bundle")
    prompt = bundle.tokenizer.decode(Task.load(folder).prompt)
    # A user's first start writes the byte code, and the others find it.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**inherited, **child_environment(folder)}
    flat = {engine: flatness(bundle.path, engine, prompt, environment, runs) for engine in ENGINES}
    cold = {engine: cold_start(bundle.path, engine, environment, runs) for engine in ENGINES}
    sizes = {variant.file: variant.size for variant in bundle.manifest.variants}
    return {
        "time_ratios": time_ratios(times),
        "flatness": {engine: {"ratio": median(ratios), "ratios": ratios} for engine, ratios in flat.items()},
        "cold_start": {
            engine: {"ratio": _over(median(seconds["generate"]), median(seconds["imports"])), "seconds": seconds}
            for engine, seconds in cold.items()
        },
        "size_bytes": sizes,
        "size_ratios": size_ratios(sizes),
    }


def time_ratios(times: Mapping[str, Sequence[SubjectTimes]]) -> list[dict[str, Any]]:
    """The table above, divided process by process, so that a slow moment counts on both sides; medians."""
    medians = {name: process_medians(times_of(processes)) for name, processes in times.items()}
    found = []
    for what, above, below in RATIOS:
        pairs = zip(medians.get(above, []), medians.get(below, []), strict=False)
        estimate = percentile([one / other for one, other in pairs], 50)
        figures = {"ratio": estimate and estimate.value, "interval": estimate and estimate.interval}
        found.append({"what": what, "above": above, "below": below, **figures})
    return found


def size_ratios(sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """The files of one precision over those of another."""
    return [
        {
            "what": f"{above} over {below}, {engine.format}",
            "ratio": _over(*(sizes.get(model_file(precision, engine.format)) for precision in (above, below))),
        }
        for engine in ENGINES.values()
        for above, below in _SIZE_RATIOS
    ]


def _over(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None else above / below
