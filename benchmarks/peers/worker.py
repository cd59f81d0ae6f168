"""One peer in a process of its own: requests on standard input, answers on standard output, a JSON object a line.

    python -m peers.worker MODULE OPTIONS FOLDER

First it answers `{"library"}` or `{"error"}`. Then it answers each `{"prompt", "words", "times"}` with
`{"ids", "seconds", "cpu_seconds"}`: the words of the last time, and what all the times took together.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from peers.loops import Loop


def main() -> None:
    """Load the peer and answer until standard input ends."""
    answers = _own_output()
    module, options, folder = sys.argv[1:]
    try:
        loaded = import_module(module).build(Path(folder), **json.loads(options))
    except Exception as error:  # whatever a library raises is the reason in its row
        _answer(answers, {"error": f"{type(error).__name__}: {_first_line(error)}"})
        return
    gc.collect()
    gc.freeze()  # so that collecting before each timing looks at what is new, not at all of the library
    _answer(answers, {"library": loaded.library})
    for line in sys.stdin:
        try:
            answer = _timed(loaded.loop, **json.loads(line))
        except Exception as error:  # likewise
            answer = {"error": f"{type(error).__name__}: {_first_line(error)}"}
        _answer(answers, answer)


def _own_output() -> TextIO:
    """The pipe to the parent, for answers only: what libraries print goes to standard error."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def _answer(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _timed(loop: Loop, prompt: list[int], words: int, times: int) -> dict[str, Any]:
    """The loop, so many times, with the garbage collector off."""
    ids: list[int] = []
    gc.collect()
    gc.disable()
    try:
        cpu, started = time.process_time(), time.perf_counter()
        for _ in range(times):
            ids = loop(prompt, words)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    finally:
        gc.enable()
    return {"ids": ids, "seconds": seconds, "cpu_seconds": cpu_seconds}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]


if __name__ == "__main__":
    main()
