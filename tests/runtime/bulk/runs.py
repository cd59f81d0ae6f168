"""Prompts, undisturbed runs, and runs in a process of their own that something happens to."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from edgeword.bulk import bulk
from edgeword.engines.engine import EngineName
from tests import tiny

WORDS = [*" ".join(tiny.LINES).split(), "zebra", "The"]


def prompts(count: int, seed: int = 1) -> list[str]:
    dice = random.Random(seed)  # noqa: S311 (no secret)
    return [" ".join(dice.choices(WORDS, k=dice.randrange(8))) for _ in range(count)]


def write_prompts(path: Path, count: int, seed: int = 1) -> Path:
    path.write_text("".join(f"{prompt}\n" for prompt in prompts(count, seed)), encoding="utf-8")
    return path


def undisturbed(bundle: Path, asked: Path, out: Path, engine: EngineName = "litert", **options) -> bytes:
    """What a run writes to which nothing happens."""
    bulk(bundle, asked, out, engine=engine, **options)
    return out.read_bytes()


class Running:
    """`edgeword bulk` in a process group of its own."""

    def __init__(self, *words: object, **options) -> None:
        line = [sys.executable, "-m", "edgeword", "bulk", *map(str, words), "--engine", "litert"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(line, stdout=pipe, stderr=pipe, start_new_session=True, **options)

    def wait_for(self, out: Path, size: int) -> None:
        """Until the file holds so many bytes, or the run has ended."""
        while self.process.poll() is None and (out.stat().st_size if out.exists() else -1) < size:
            time.sleep(0.001)

    def children(self) -> list[int]:
        """Workers, and what multiprocessing has beside them."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text(encoding="ascii").split()] if path.exists() else []

    def workers(self) -> list[int]:
        return [pid for pid in self.children() if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def ended(self) -> tuple[int, str]:
        """Exit code and standard error."""
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err.decode()

    def kill(self) -> None:
        """As `kill -9` does: the parent alone."""
        self.process.kill()
        self.process.communicate(timeout=60)


def is_running(pid: int) -> bool:
    """Not a process that ended and waits for its parent to hear of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def left_over(pids: list[int], seconds: float = 20) -> list[int]:
    """Those that still run after a while."""
    until = time.monotonic() + seconds
    while (left := [pid for pid in pids if is_running(pid)]) and time.monotonic() < until:
        time.sleep(0.01)
    return left


def end_group(running: Running) -> None:
    """Whatever a failed test has left."""
    try:
        os.killpg(running.process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
