"""Run the peers: `python -m studies.peers [--models A,B,C] [--out FOLDER]`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from studies.peers.models import MODELS
from studies.peers.run import run


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="studies.peers", description=__doc__)
    parser.add_argument("--models", default=",".join(MODELS), help=f"separated by commas; default {','.join(MODELS)}")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    models = arguments.models.split(",")
    if unknown := set(models) - set(MODELS):
        parser.error(f"--models: {', '.join(sorted(unknown))} is not one of {', '.join(MODELS)}")
    run(models, arguments.out)


if __name__ == "__main__":
    main()
