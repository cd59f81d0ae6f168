"""What the line prints, and the line in a process of its own."""

import subprocess
import sys


def process(*words: str, **options) -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", "edgeword", *map(str, words)]
    return subprocess.run(line, capture_output=True, check=False, timeout=60, **options)


def one_line(err: str) -> bool:
    return err.startswith("edgeword: ") and err.count("\n") == 1 and err.endswith("\n")


def own_lines(err: bytes) -> list[str]:
    """Lines that are not LiteRT's, which names its delegate on standard error."""
    return [line for line in err.decode().splitlines() if not line.startswith("INFO: ")]
