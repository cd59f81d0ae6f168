"""`edgeword doctor`: what of edgeword can run here, and how to get the rest."""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from edgeword.cli.command import Command
from edgeword.version import __version__

# Extra → the distributions that it takes, any one of a tuple.
_EXTRAS = {
    "litert": (("ai-edge-litert", "tflite-runtime"),),
    "onnx": (("onnxruntime",),),
    "train": (("tensorflow",), ("keras",), ("matplotlib",)),
    "export": (("tensorflow",), ("tf2onnx",), ("onnx",), ("onnxruntime",), ("ai-edge-litert",), ("ai-edge-quantizer",)),
}


def _add_arguments(_parser: argparse.ArgumentParser) -> None:
    """None."""


def _run(_arguments: argparse.Namespace) -> int:
    print(f"edgeword {__version__}, Python {platform.python_version()}, numpy {_version('numpy')}")
    print(f"{platform.platform()}, {os.cpu_count()} processors")
    for extra, needed in _EXTRAS.items():
        found = {
            names: next((f"{name} {_version(name)}" for name in names if _version(name)), None) for names in needed
        }
        missing = [names[0] for names, named in found.items() if named is None]
        state = f'misses {", ".join(missing)}: pip install "edgeword[{extra}]"' if missing else "ready"
        print(f"{extra:<8}{state}  {', '.join(named for named in found.values() if named)}".rstrip())
    print("next: edgeword demo")
    return 0


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


DOCTOR = Command("doctor", "show what can run here and what is missing", _add_arguments, _run)
