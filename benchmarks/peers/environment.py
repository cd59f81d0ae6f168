"""The machine and the versions."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from edgeword_bench import machine

_PEERS = ("tensorflow", "keras", "tf2onnx", "torch", "openvino")


def environment(before: machine.Moment) -> dict[str, Any]:
    """What the figures depend on, measured since `before`; the version of a package that is not installed is None."""
    facts, state = machine.machine(), machine.meanwhile(before, machine.moment())
    return {
        "machine": facts,
        "state": asdict(state),
        "warnings": machine.doubts(facts, state, threads=1),
        "versions": {**machine.versions(), **{name: _version(name) for name in _PEERS}},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
