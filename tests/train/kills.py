"""A training that is killed again and again ends with the weights of one that was not.

`python -m tests.train.kills [KILLS]` prints the moments and the comparison; it is a tool, no test runs it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edgeword_train import load_run
from tests.train.tiny_training import TEXT, weights

EDGEWORD = [sys.executable, "-m", "edgeword", "train"]
OPTIONS = ["--units", "8", "--embedding", "6", "--epochs", "100", "--patience", "100", "--dropout", "0.2"]


def killed(command: list[str], seconds: float, started: Path) -> bool:
    """Run a training and kill it so long after it wrote a file; whether it was still running then."""
    before = _written(started)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and _written(started) == before:
            time.sleep(0.002)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def _written(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


def main(kills: int) -> bool:
    """Whether both trainings end with the same weights."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text.txt").write_text(TEXT, "utf-8")
        whole, broken = folder / "whole", folder / "broken"
        new = [*EDGEWORD, str(folder / "text.txt"), *OPTIONS, "--out"]
        subprocess.run([*new, str(whole)], check=True, capture_output=True)
        chance, done = random.Random(kills), 0  # noqa: S311
        while done < kills:
            command = [*EDGEWORD, "--resume", str(broken)] if broken.exists() else [*new, str(broken)]
            # The first before a whole epoch, the others among epochs, checkpoints and the writing of the run.
            started = broken / ("checkpoint/state.json" if done else "options.json")
            seconds = chance.uniform(0, 0.5)
            if not killed(command, seconds, started):
                break
            done += 1
            print(f"killed after {seconds:.2f} s:", *sorted(path.name for path in broken.rglob("*")), flush=True)
        subprocess.run([*EDGEWORD, "--resume", str(broken)], check=True, capture_output=True)
        same = weights(load_run(whole)) == weights(load_run(broken))
        left = {path.name for path in broken.iterdir()} == {path.name for path in whole.iterdir()}
        print(f"{done} kills; the same weights: {same}; nothing left over: {left}")
        return same and left


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
