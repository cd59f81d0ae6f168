"""`edgeword doctor`: what of edgeword can run here, and how to get the rest."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import platform
import sys
import textwrap
from importlib.metadata import PackageNotFoundError, version

from edgeword.bundle.bundle import Bundle
from edgeword.choice.apart import Trier
from edgeword.choice.choosing import FASTEST, candidates
from edgeword.choice.trial import Trial
from edgeword.cli.command import Command
from edgeword.cli.terminal import show, tell_next
from edgeword.engines.engine import ENGINES
from edgeword.engines.probing import import_failure
from edgeword.engines.quiet import native_stderr_to_null
from edgeword.errors import MissingEngineError
from edgeword.extras import extras, is_installed, missing_from, requirements_of
from edgeword.installing import install_command
from edgeword.tables import LINE, aligned
from edgeword.version import __version__

# For those who develop edgeword, and the sum of the others.
_NOT_SHOWN = ("all", "dev")


# Which extra has wheels for a machine: system, machine, whether its Python must be older than 3.12. The first that
# fits is taken; where none does, `onnx`, which is built for the most.
_WHEELS = (
    ("Linux", "x86_64", False, "litert"),
    ("Linux", "aarch64", False, "litert"),
    ("Linux", "armv7l", True, "tflite-runtime"),
    ("Darwin", "arm64", False, "litert"),
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", nargs="?", help="time its variants, and say which is fastest here")


def _run(arguments: argparse.Namespace) -> int:
    show(f"edgeword {__version__}, Python {platform.python_version()}, numpy {_version('numpy')}")
    show(f"{platform.platform()}, {os.cpu_count()} processors")
    for extra in extras():
        if extra not in _NOT_SHOWN:
            show(*_lines(extra))
    show(_fitting(fitting_extra(platform.system(), platform.machine(), sys.version_info[:2], sys.maxsize)))
    if arguments.bundle is not None:
        show("", *_speeds(Bundle(arguments.bundle)))
        tell_next("generate", arguments.bundle, "a prompt")
    elif not missing_from("export"):
        tell_next("demo", "--out", "demo")
    return 0


def fitting_extra(system: str, machine: str, python: tuple[int, int], largest: int) -> str | None:
    """The extra whose engine comes as a wheel for a machine; None where there is none.

    `largest` is `sys.maxsize`: a 32-bit Python on a 64-bit kernel, as some Raspberry Pis run, takes 32-bit wheels.
    """
    if largest < 2**32:
        machine = {"aarch64": "armv7l", "x86_64": "i686"}.get(machine, machine)
    rows = [row for row in _WHEELS if row[:2] == (system, machine)]
    if rows:
        return next((extra for *_, is_old, extra in rows if python < (3, 12) or not is_old), None)
    return "onnx" if largest >= 2**32 else None


def _fitting(extra: str | None) -> str:
    if extra is None:
        return "here: no engine has a wheel for this machine and this Python; docs/on-a-device.md says what to do"
    missing = missing_from(extra)
    return f"here: {extra} fits this machine{f': {install_command(extra)}' if missing else ', and is installed'}"


def _speeds(bundle: Bundle) -> list[str]:
    """Each variant that can be tried here, and the fastest of those that pass."""
    trials: list[Trial] = []
    with Trier(bundle, threads=1) as trier:
        for pair in candidates(bundle):
            with contextlib.suppress(MissingEngineError), native_stderr_to_null():
                trials.append(trier.trial(pair))
    rows = [(trial.file, trial.version, trial.refusal or f"{trial.us_per_word:,.1f} µs a word") for trial in trials]
    passed = [trial for trial in trials if not trial.refusal]
    if not passed:
        return [*aligned(rows), "here: no variant passes its self-test"]
    fastest = min(passed, key=lambda trial: trial.us_per_word or 0.0)
    return [*aligned(rows), f"here: {fastest.file} on {fastest.version} is the fastest, with --precision {FASTEST}"]


def _lines(extra: str) -> list[str]:
    missing = missing_from(extra)
    found = [f"{name} {_version(name)}" for name in requirements_of(extra) if name not in missing]
    broken = [f"{name} cannot be imported ({_failure(name)})" for name in requirements_of(extra) if _failure(name)]
    state = "ready" if requirements_of(extra) else "has nothing to install for this Python"
    if missing:
        state = f"misses {', '.join(missing)}: {install_command(extra)}"
    elif broken:
        state = f"broken: {', '.join(broken)}; install it again"
    text = f"{extra:<16}{state}  {', '.join(found)}".rstrip()
    return textwrap.wrap(text, LINE, subsequent_indent=" " * 16, break_long_words=False, break_on_hyphens=False)


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


DOCTOR = Command(
    "doctor",
    "show what can run here and what is missing",
    _add_arguments,
    _run,
    ("", "demo/bundle"),
)
