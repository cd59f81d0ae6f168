"""The machine and the versions."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from edgeword_bench import machine

_PEERS = ("tensorflow", "keras", "tf2onnx", "torch", "openvino")


def environment() -> dict[str, Any]:
    """What the figures depend on; the version of a package that is not installed is None."""
    return {
        "machine": machine.machine(),
        "versions": {**machine.versions(), **{name: _version(name) for name in _PEERS}},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
