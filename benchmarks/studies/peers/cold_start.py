"""A fresh process's first word, against a process that only imports numpy and the engine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_MODULES = {"litert": "ai_edge_litert.interpreter", "onnx": "onnxruntime"}


def cold_start(bundle: Path, engine: str, environment: Mapping[str, str], runs: int) -> dict[str, list[float]]:
    """Seconds of whole processes in turn: `generate` and `imports`; a first run of each does not count."""
    commands = {
        "generate": [sys.executable, "-m", "edgeword", "generate", str(bundle), "x", "-n", "1", "--engine", engine],
        "imports": [sys.executable, "-c", f"import numpy, {_MODULES[engine]}"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environment)
            seconds[name].append(time.perf_counter() - started)
    return {name: values[1:] for name, values in seconds.items()}
