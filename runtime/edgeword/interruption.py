"""Ctrl-C, SIGTERM and SIGHUP: one way to be interrupted, for every command.

Python raises KeyboardInterrupt wherever it stands, and what runs there may lose it: an exception in a destructor is
printed and forgotten, and a converter turns it into a failure of its own. So a command remembers that it was
interrupted, and asks (`check`) where it reports and before it writes. What is being written is finished first
(`deferred`): a file is the old one or the new one, and no temporary name stays.

Outside of a command nothing is watched, and these do nothing.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
# Signals closer to each other than this are one wish: the second must not disturb what cleans up after the first.
_ONE_WISH_S = 2.0


class _Watch:
    asked_at: float | None = None
    """When an interruption was asked for that no one has acted on."""
    deferrals = 0
    is_installed = False


_watch = _Watch()


def install() -> None:
    """Watch for signals from now on, until the process ends; only the main thread can."""
    if threading.current_thread() is threading.main_thread():
        _watch.asked_at, _watch.deferrals, _watch.is_installed = None, 0, True
        for number in _SIGNALS:
            signal.signal(number, _interrupt)
        sys.unraisablehook = _unless_interrupted


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Watch for signals in this block, and leave them afterwards to those who had them before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, hook = {number: signal.getsignal(number) for number in _SIGNALS}, sys.unraisablehook
    install()
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)
        _watch.asked_at, _watch.is_installed = None, False


def check() -> None:
    """Raise KeyboardInterrupt if one was asked for, and lost or put off."""
    if _watch.asked_at is not None and not _watch.deferrals:
        raise KeyboardInterrupt


def was_asked_for() -> bool:
    """Whether an interruption was asked for that no one has acted on."""
    return _watch.asked_at is not None


def acknowledge() -> None:
    """Act on it: what follows (what was measured so far is written, say) is not interrupted by the same wish."""
    _watch.asked_at = None


def ignore() -> None:
    """The command's work is done and kept: an interruption comes too late from now on."""
    acknowledge()
    if _watch.is_installed:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Only remember interruptions in this block, which is short: what it begins is wholly done."""
    _watch.deferrals += 1
    try:
        yield
    finally:
        _watch.deferrals -= 1


def _interrupt(*_given: object) -> None:
    now = time.monotonic()
    is_new = _watch.asked_at is None or now - _watch.asked_at > _ONE_WISH_S
    _watch.asked_at = now
    if is_new and not _watch.deferrals:
        raise KeyboardInterrupt


def _unless_interrupted(unraisable: Any) -> None:
    """The hook for exceptions in destructors: an interruption is remembered and needs no traceback."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
