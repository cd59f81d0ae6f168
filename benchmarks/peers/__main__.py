"""Run the peers: `python benchmarks/peers [--models A,B,C] [--out FOLDER]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def main() -> None:
    """Parse and run."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    # Started by its path, Python takes this folder for the place of all modules; it is the package `peers`.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from peers.models import MODELS
    from peers.run import RESULTS, run

    parser = argparse.ArgumentParser(prog="peers", description=__doc__)
    parser.add_argument("--models", default=",".join(MODELS), help=f"separated by commas; default {','.join(MODELS)}")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    models = arguments.models.split(",")
    if unknown := set(models) - set(MODELS):
        parser.error(f"--models: {', '.join(sorted(unknown))} is not one of {', '.join(MODELS)}")
    run(models, arguments.out)


if __name__ == "__main__":
    main()
