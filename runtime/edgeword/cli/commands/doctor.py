"""`edgeword doctor`: what of edgeword can run here, and how to get the rest."""

from __future__ import annotations

import argparse
import functools
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from edgeword.cli.command import Command
from edgeword.cli.terminal import show
from edgeword.engines.engine import ENGINES
from edgeword.engines.probing import import_failure
from edgeword.errors import install_command
from edgeword.extras import extras, is_installed, missing_from, requirements_of
from edgeword.version import __version__

# For those who develop edgeword, and the sum of the others.
_NOT_SHOWN = ("all", "dev")


def _add_arguments(_parser: argparse.ArgumentParser) -> None:
    """None."""


def _run(_arguments: argparse.Namespace) -> int:
    show(f"edgeword {__version__}, Python {platform.python_version()}, numpy {_version('numpy')}")
    show(f"{platform.platform()}, {os.cpu_count()} processors")
    for extra in extras():
        if extra not in _NOT_SHOWN:
            show(_line(extra))
    show("next: edgeword demo")
    return 0


def _line(extra: str) -> str:
    missing = missing_from(extra)
    found = [f"{name} {_version(name)}" for name in requirements_of(extra) if name not in missing]
    broken = [f"{name} cannot be imported ({_failure(name)})" for name in requirements_of(extra) if _failure(name)]
    state = "ready"
    if missing:
        state = f"misses {', '.join(missing)}: {install_command(extra)}"
    elif broken:
        state = f"broken: {', '.join(broken)}; install it again"
    return f"{extra:<16}{state}  {', '.join(found)}".rstrip()


@functools.cache
def _failure(distribution: str) -> str | None:
    """Why an engine that is installed cannot be used; None of what is no engine."""
    packages = (package for engine in ENGINES.values() for package in engine.packages)
    package = next((package for package in packages if package.distribution == distribution), None)
    return import_failure(package) if package and is_installed(distribution) else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


DOCTOR = Command("doctor", "show what can run here and what is missing", _add_arguments, _run)
