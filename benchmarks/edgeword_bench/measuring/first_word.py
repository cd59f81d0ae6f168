"""A fresh process: import, load, first word. Run by `process`, with nothing else of this package imported."""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import json  # noqa: E402 (what comes now is part of the cold start)
import os  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager, suppress  # noqa: E402
from importlib import import_module  # noqa: E402
from typing import Any, TextIO  # noqa: E402

from edgeword import EdgewordError, load  # noqa: E402
from edgeword.engines.engine import ENGINES  # noqa: E402
from edgeword.engines.quiet import keep_offline  # noqa: E402


def main() -> None:
    """Print one JSON object: the moments of `time.perf_counter`, which all processes share, and the peak memory."""
    arguments: list[Any] = sys.argv[1:]  # `load` checks them
    bundle, engine, precision, threads, words, texts = arguments
    trust = json.loads(texts)
    prompt = trust.pop("prompt")
    with own_output() as output:
        try:
            import_engine(engine)
            imported = time.perf_counter()
            lm = load(bundle, engine, precision, int(threads), **trust)
            loaded = time.perf_counter()
            lm.generate(prompt, 1)
            first = time.perf_counter()
            lm.generate(prompt, int(words))
        except EdgewordError as error:
            output.write(json.dumps({"reason": str(error)}))
        else:
            moments = {"started": STARTED, "imported": imported, "loaded": loaded, "first_word": first}
            facts = {"engine_version": lm.engine_version, "peak_rss_bytes": peak_rss_bytes()}
            output.write(json.dumps({**moments, **facts}))


@contextmanager
def own_output() -> Iterator[TextIO]:
    """Standard output for the answer alone: what libraries print there goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as output:
        os.dup2(2, 1)
        output.write("\n")  # ends whatever was printed before
        yield output


def import_engine(engine: str) -> None:
    """Import it by name, so that loading does not; a package that misses is left for the loading to name."""
    keep_offline()
    package = ENGINES[engine].package
    name = package.name if package else engine
    with suppress(ImportError):
        import_module(name)
        import_module(f"{name}.interpreter")  # where LiteRT and tflite-runtime have theirs


def peak_rss_bytes() -> int | None:
    """The largest resident memory of this process so far.

    From /proc: `ru_maxrss` also counts what the process was before it began to run this program, which is a copy of
    the one that started it (Linux, exec_mmap in fs/exec.c).
    """
    with suppress(OSError), open("/proc/self/status", encoding="utf-8") as file:  # noqa: PTH123 (pathlib is not needed)
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:")), None)
    with suppress(ImportError):
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return None
