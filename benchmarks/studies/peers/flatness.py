"""Whether a word costs more late in a text than early: words 1,000 to 1,100 over words 10 to 110 of one stream."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import edgeword

_EARLY, _LATE, _SPAN = 10, 1000, 100


def flatness(bundle: Path, engine: str, prompt: str, environment: Mapping[str, str], runs: int) -> list[float]:
    """The ratio of each run, from a process of its own."""
    command = [sys.executable, "-m", "studies.peers.flatness", str(bundle), engine, prompt, str(runs)]
    done = subprocess.run(command, check=True, capture_output=True, env=environment)
    ratios: list[float] = json.loads(done.stdout.splitlines()[-1])
    return ratios


def _ratio(lm: Any, prompt: str) -> float:
    stamps = [time.perf_counter() for _ in lm.stream(prompt, _LATE + _SPAN)]
    early, late = (stamps[first + _SPAN - 1] - stamps[first - 1] for first in (_EARLY, _LATE))
    return late / early


def main() -> None:
    """Print the ratios of all runs but a first one."""
    bundle, engine, prompt, runs = sys.argv[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lm = edgeword.load(bundle, engine, "float32")
    _ratio(lm, prompt)
    gc.disable()
    print(json.dumps([_ratio(lm, prompt) for _ in range(int(runs))]))


if __name__ == "__main__":
    main()
