"""Fresh processes, each asked once: for the times of its subjects, or for a first word from a cold start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from edgeword.choice.trial import Pair
from edgeword.errors import EngineError
from edgeword.records import read_record
from edgeword_bench.measuring.subject import ProcessTimes, Request

# Long enough for a first load on a slow device, which tries the variant; what takes longer hangs.
_PATIENCE_S = 300.0
# What a subject may take on top: warming up and turns of a slow one.
_PATIENCE_A_SUBJECT_S = 60.0
_PYTHON = (sys.executable, "-c")
# The current folder is no place to import from: it may hold a json.py.
_SAFE = "import sys; sys.path[:] = filter(None, sys.path); "
_FIRST_WORD = f"{_SAFE}from edgeword_bench.measuring.first_word import main; main()"
_WORKER = f"{_SAFE}from edgeword_bench.measuring.worker import main; main()"


@dataclass(frozen=True)
class ColdStart:
    """The parts of a process' way to its first word, milliseconds, and its peak memory."""

    python_ms: float
    """From starting the process to the first line of Python."""
    import_ms: float
    load_ms: float
    first_word_ms: float
    peak_rss_bytes: int | None
    engine_version: str

    @property
    def total_ms(self) -> float:
        """From starting the process to its first word."""
        return self.python_ms + self.import_ms + self.load_ms + self.first_word_ms


@dataclass(frozen=True)
class Setting:
    """What every process of a bundle's benchmark is given."""

    bundle: str
    threads: int
    prompt: str
    cache: str
    """A cache folder of the benchmark's own, so that the user's trials neither help nor change."""

    trusted_key: str | None = None
    minimum_release: int | None = None

    @property
    def trust(self) -> dict[str, Any]:
        """The keywords of `edgeword.load`."""
        return {"trusted_key": self.trusted_key, "minimum_release": self.minimum_release}

    @property
    def environment(self) -> dict[str, str]:
        """Its variables."""
        return {"XDG_CACHE_HOME": self.cache}


def cold_start(setting: Setting, pair: Pair, words: int = 1) -> ColdStart:
    """Generate in a fresh process; raises EngineError with the reason where the variant cannot run."""
    engine, variant = pair
    arguments = [
        setting.bundle,
        engine.name,
        variant.precision,
        str(setting.threads),
        str(words),
        json.dumps({"prompt": setting.prompt, **setting.trust}),  # in ASCII: the locale may have no other letters
    ]
    started = time.perf_counter()
    answer = _ask([*_PYTHON, _FIRST_WORD, *arguments], setting.environment, _PATIENCE_S)
    moments = [started, *(answer[name] for name in ("started", "imported", "loaded", "first_word"))]
    parts = [(after - before) * 1e3 for before, after in pairwise(moments)]
    return ColdStart(parts[0], parts[1], parts[2], parts[3], answer["peak_rss_bytes"], answer["engine_version"])


def time_in_process(request: Request, environment: Mapping[str, str]) -> ProcessTimes:
    """Time subjects in a fresh process; raises EngineError where it dies."""
    patience_s = _PATIENCE_S + _PATIENCE_A_SUBJECT_S * len(request.subjects)
    answer = _ask([*_PYTHON, _WORKER], environment, patience_s, json.dumps(asdict(request)))
    return read_record(ProcessTimes, answer, "the process")


def _ask(command: list[str], environment: Mapping[str, str], patience_s: float, text: str = "") -> dict[str, Any]:
    """Run a process that answers with one JSON object."""
    try:
        process = subprocess.run(
            command,
            input=text.encode(),
            env={**_inherited(), **environment},
            capture_output=True,
            timeout=patience_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"no word within {patience_s:g} s") from None
    return _answer(process)


def _inherited() -> dict[str, str]:
    """Without the variable that would make each process compile its modules anew: users' starts find them compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _answer(process: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """What the process answered; raises EngineError where it died, or said why it could not."""
    said = process.stderr.decode("utf-8", "replace").strip().splitlines() or ["without a word"]
    if process.returncode < 0:
        raise EngineError(f"the process died of {signal.Signals(-process.returncode).name}")
    if process.returncode or not process.stdout.strip():
        raise EngineError(f"the process ended with exit code {process.returncode}: {said[-1]}")
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    if "reason" in answer:
        raise EngineError(" ".join(answer["reason"].splitlines()))
    return answer
