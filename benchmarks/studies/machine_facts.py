"""The machine and the versions beside the results of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from edgeword_bench.measuring import machine


def environment(before: machine.Moment, threads: int, packages: Sequence[str] = ()) -> dict[str, Any]:
    """What the figures depend on, measured since `before`; the version of a package that is not installed is None."""
    facts, state = machine.machine(), machine.meanwhile(before, machine.moment())
    return {
        "machine": facts,
        "state": asdict(state),
        "warnings": machine.doubts(facts, state, threads),
        "versions": {**machine.versions(), **{name: _version(name) for name in packages}},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
