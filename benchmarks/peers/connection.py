"""A worker seen from the parent: started, asked, ended, and its death told as a reason."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from peers.table import Peer

LOAD_SECONDS, ANSWER_SECONDS, END_SECONDS = 300.0, 120.0, 20.0
_ROOT = Path(__file__).resolve().parents[1]


class WorkerError(RuntimeError):
    """Why a peer has no figure."""


class Connection:
    """One peer's worker, started at once and ready when `library` answers."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        self._folder = folder
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the connection)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peers.worker", peer.module, json.dumps(dict(peer.options)), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            env={**child_environment(folder), **peer.environment},
        )
        self._read = b""

    def library(self) -> str:
        """Wait until the peer has loaded; the library that runs it. Raises WorkerError."""
        return str(self._answer(LOAD_SECONDS)["library"])

    def ask(self, prompt: list[int], words: int, times: int = 1) -> dict[str, Any]:
        """`ids`, `seconds` and `cpu_seconds`; raises WorkerError."""
        request = json.dumps({"prompt": prompt, "words": words, "times": times}) + "\n"
        try:
            self._process.stdin.write(request.encode())
        except BrokenPipeError:
            raise WorkerError(self._death()) from None
        return self._answer(ANSWER_SECONDS)

    def close(self) -> None:
        """End the worker; it has nothing to lose."""
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _answer(self, timeout: float) -> dict[str, Any]:
        answer = json.loads(self._line(timeout))
        if "error" in answer:
            raise WorkerError(answer["error"].replace(f"{self._folder}/", ""))
        return answer

    def _line(self, timeout: float) -> bytes:
        pipe, ends = self._process.stdout.fileno(), time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while b"\n" not in self._read:
                if not selector.select(max(0.0, ends - time.monotonic())):
                    self._process.kill()
                    raise WorkerError(f"no answer within {timeout:g} s")
                chunk = os.read(pipe, 1 << 16)
                if not chunk:
                    raise WorkerError(self._death())
                self._read += chunk
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _death(self) -> str:
        """The signal or exit code, and the last line that the worker wrote."""
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return "the worker closed its pipe and goes on"
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines() or [""]
        how = f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"{how}: {lines[-1][:200]}".removesuffix(": ")


def child_environment(folder: Path) -> dict[str, str]:
    """The variables of a child that finds this package and remembers nothing outside the folder."""
    path = filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "XDG_CACHE_HOME": str(folder.resolve() / "cache"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
