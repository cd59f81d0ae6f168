"""The process in which variants are tried for another one."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import asdict
from typing import Any

from edgeword.bundle.bundle import Bundle
from edgeword.choice.apart import READY
from edgeword.choice.trial import try_variant
from edgeword.engines.engine import ENGINES
from edgeword.isolation.process import LONGEST_SECONDS
from edgeword.isolation.wire import Wire


def serve(descriptor: int) -> None:
    """Until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the other process that is interrupted
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    wire = Wire(socket.socket(fileno=descriptor))
    try:
        asked = wire.hear()
        bundle = _opened(asked["path"], asked["digest"])
        wire.say(READY if bundle else None)
        while bundle:
            asked = wire.hear()
            # Where the other process was killed, nobody ends this one.
            signal.alarm(int(2 * LONGEST_SECONDS))
            wire.say(_told(bundle, asked))
    except (EOFError, OSError):
        pass
    os._exit(0)  # no destructor of an engine may hold it up


def _opened(path: str, digest: str) -> Bundle | None:
    """The bundle; None where it is another one, or cannot be opened, which the other process will say."""
    try:
        bundle = Bundle(path)
    except Exception:
        return None
    return bundle if bundle.digest == digest else None


def _told(bundle: Bundle, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The trial; None where none could be made, which the other process will find and say."""
    variant = next(variant for variant in bundle.manifest.variants if variant.file == asked["file"])
    try:
        return asdict(try_variant(bundle, (ENGINES[asked["engine"]], variant), asked["threads"]))
    except (Exception, SystemExit):
        return None
