"""A training that is killed again and again ends with the weights of one that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from edgeword_train import Run, resume
from edgeword_train.fitting.checkpoint import Checkpoint
from edgeword_train.run.folder import CHECKPOINT_FOLDER, START_FILE, is_finished
from tests.train.tiny_training import FILES, OPTIONS, weights

# `make kills` has ten.
KILLS = int(os.environ.get("EDGEWORD_TRAINING_KILLS", "1"))
COMMAND = [sys.executable, "-m", "edgeword", "train"]
# In seconds: an epoch with its checkpoint takes about as long.
LONGEST_DELAY = 0.03


def killed(command: list[str], out: Path, epochs: int, delay: float) -> bool:
    """Run a training and kill it so long after so many whole epochs; whether that was before its end."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not (out / START_FILE).exists():
            time.sleep(0.002)
        while process.poll() is None and len(Checkpoint(out / CHECKPOINT_FOLDER).history()) < epochs:
            time.sleep(0.002)
        time.sleep(delay)
        process.kill()
        return process.wait() == -signal.SIGKILL


def test_a_training_that_is_killed_again_and_again_ends_with_the_same_weights(
    run: Run, text: Path, tmp_path: Path
) -> None:
    out, dice, met = tmp_path / "run", random.Random(KILLS), 0  # noqa: S311 (no secret)
    new = [*COMMAND, str(text), "--out", str(out)]
    new += [word for name, value in OPTIONS.items() for word in (f"--{name}", str(value))]
    # After none: during the first epoch. After all: while the run is written, or once it is whole.
    for epochs in sorted(dice.randrange(OPTIONS["epochs"] + 1) for _ in range(KILLS)):
        command = [*COMMAND, "--resume", str(out)] if out.exists() else new
        met += killed(command, out, epochs, dice.uniform(0, LONGEST_DELAY))
        print(f"killed after {epochs} epochs:", *sorted(path.name for path in out.rglob("*")))
        if is_finished(out):
            break
    assert met >= max(1, KILLS // 2)
    again = resume(out)
    assert weights(again) == weights(run)
    assert again.perplexity == run.perplexity
    assert {path.name for path in out.iterdir()} == FILES
