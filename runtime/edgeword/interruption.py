"""Ctrl-C, SIGTERM and SIGHUP: one way to be interrupted, for every command.

Python raises KeyboardInterrupt wherever it stands, and what runs there may lose it: an exception in a destructor is
printed and forgotten, and a converter turns it into a failure of its own. So a command remembers that it was
interrupted: it is raised again each second until somebody acts on it, and asked for (`check`) where a command reports
and before it writes. What is being written is finished first (`deferred`): a file is the old one or the new one, and no
temporary name stays.

Outside of a command nothing is watched, and these do nothing.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

EXIT_CODE = 130
"""Of a command that was interrupted, by whichever signal."""

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
# So long has what cleans up, before an interruption that seems lost is raised again.
_PATIENCE_S = 1.0


class _Watch:
    is_asked_for = False
    """An interruption that no one has acted on."""
    deferrals = 0
    is_installed = False


_watch = _Watch()


def install() -> None:
    """Watch for signals from now on, until the process ends; only the main thread can."""
    if threading.current_thread() is threading.main_thread():
        _watch.is_asked_for, _watch.deferrals, _watch.is_installed = False, 0, True
        for number in _SIGNALS:
            signal.signal(number, _interrupt)
        signal.signal(signal.SIGALRM, _utter)
        sys.unraisablehook = _unless_interrupted


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Watch for signals in this block, and leave them afterwards to those who had them before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (*_SIGNALS, signal.SIGALRM)}
    hook = sys.unraisablehook
    install()
    try:
        yield
    finally:
        acknowledge()
        _watch.is_installed = False
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def check() -> None:
    """Raise KeyboardInterrupt if one was asked for, and lost or put off."""
    if _watch.is_asked_for and not _watch.deferrals:
        raise KeyboardInterrupt


def acknowledge() -> None:
    """Act on it: what follows (what was measured so far is written, say) is not interrupted by the same wish."""
    _watch.is_asked_for = False
    if _watch.is_installed:
        signal.setitimer(signal.ITIMER_REAL, 0)


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
    """One wish however many signals utter it: a second one must not disturb what cleans up after the first."""
    if not _watch.is_asked_for:
        _watch.is_asked_for = True
        _utter()


def _utter(*_given: object) -> None:
    if _watch.is_asked_for:
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE_S)
        check()


def _unless_interrupted(unraisable: Any) -> None:
    """The hook for exceptions in destructors: an interruption is remembered and needs no traceback."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
