"""Reports made up from distributions, without an engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from edgeword_bench.results.result import Report, Result

ENVIRONMENT = {
    "created": "2026-01-01T00:00:00Z",
    "bundle": {"name": "tiny", "digest": "a" * 64, "vocabulary": 50, "decode": "step", "prompt_tokens": 8},
    "machine": {"id": "abc", "cpu": "A CPU", "architecture": "x86_64", "cores": 2, "cores_allowed": 2},
    "state": {"reference_us": [100.0, 101.0, 99.0]},
    "versions": {"python": "3.11.7", "numpy": "2.0.0", "onnxruntime": "1.31.1"},
    "settings": {"threads": 1},
}


def result(
    precision: str = "float32", processes: Sequence[Sequence[Sequence[float]]] = (), **changed: object
) -> Result:
    """A row of ONNX Runtime with these times."""
    row = Result("onnx", f"model.{precision}.onnx", "onnx", precision, "step", 1, 1000, 50.0, 0.0, 1.0)
    times = tuple(tuple(map(tuple, process)) for process in processes)
    words = [us for process in times for turn in process for us in turn]
    p50 = float(np.median(words)) if words else None
    return dataclasses.replace(row, runs=len(words), p50_us=p50, times_us=times, **changed)


def report(*results: Result, warnings: Sequence[str] = (), **environment: dict[str, object]) -> Report:
    """A report of rows; keywords replace keys inside the parts of the environment."""
    facts = {key: {**part, **environment.get(key, {})} for key, part in ENVIRONMENT.items() if isinstance(part, dict)}
    return Report({**ENVIRONMENT, **facts}, results, tuple(warnings))
