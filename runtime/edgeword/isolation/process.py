"""A process that answers this one: where it dies or takes too long, an error says so, and nobody else does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from edgeword.engines.probing import ended
from edgeword.errors import EngineError
from edgeword.isolation.wire import Wire

T = TypeVar("T")

# No answer takes longer; a process that takes longer for one is ended.
LONGEST_SECONDS = 60.0
# Before its path is ours, it would import from the current folder.
_CHILD = (
    "import sys; sys.path[:] = sys.argv[3:]; "
    "from importlib import import_module; import_module(sys.argv[1]).serve(int(sys.argv[2]))"
)
# From its last word to its end, while the system writes down what it was.
_DYING_SECONDS = 10.0
_STANDARD_STREAMS = range(3)
# Sent by others: by the kernel where memory is short, by who stops a service.
_OTHERS_SIGNALS = frozenset(-number for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT))


class KilledError(EngineError):
    """The process was ended by somebody else, which says nothing of the engine in it."""


class Process:
    """`serve` of a module, in a process that ends with this object. Its errors end with how to mend them.

    Raises OSError where no process can be started.
    """

    def __init__(self, module: str, mend: str = "", *, is_quiet: bool = False) -> None:
        ours, theirs = map(_above_standard_streams, socket.socketpair())
        line = [sys.executable, "-c", _CHILD, module, str(theirs.fileno()), *sys.path]
        output = subprocess.DEVNULL if is_quiet else None
        with theirs:
            try:
                self._process = subprocess.Popen(
                    line, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=output, stderr=output
                )
            except BaseException:
                ours.close()
                raise
        ours.settimeout(LONGEST_SECONDS)
        self._wire = Wire(ours)
        self._mend = mend
        self.end = weakref.finalize(self, _end, self._process, ours, os.getpid())
        """Ends it; a second time does nothing."""

    def ask(self, question: Any, before: bytes = b"", behind: bytes = b"") -> Any:
        """What it answers to a line of JSON with bytes around it; raises EngineError."""

        def exchange() -> Any:
            self._wire.say(question, before, behind)
            return self._wire.hear()

        return self._heard(exchange)

    def hear(self) -> Any:
        """What it says next; raises EngineError."""
        return self._heard(self._wire.hear)

    def give(self, memory: int) -> None:
        """Hand over a descriptor."""
        self._heard(lambda: socket.send_fds(self._wire.end, [b"m"], [memory]))

    def exchange(self, order: bytes) -> Callable[[], bytes]:
        """What sends the order and returns the byte that comes back, as quickly as that goes; raises EngineError."""
        send, receive = self._wire.end.sendall, self._wire.end.recv

        def once() -> bytes:
            send(order)
            return receive(1)

        def exchange() -> bytes:
            answer = self._heard(once)
            if not answer:
                raise self._death()
            return answer

        return exchange

    def _heard(self, exchange: Callable[[], T]) -> T:
        """Whatever goes wrong on the way ends the process: nobody knows what it would answer next."""
        try:
            return exchange()
        except TimeoutError:
            longest = self._wire.end.gettimeout()
            self.end()
            raise EngineError(f"the engine took more than {longest:.0f} s and was ended") from None
        except (EOFError, OSError, ValueError):
            raise self._death() from None
        except BaseException:  # interrupted
            self.end()
            raise

    def _death(self) -> EngineError:
        try:
            code = self._process.wait(_DYING_SECONDS)
        except subprocess.TimeoutExpired:
            code = 0
        self.end()
        kind = KilledError if code in _OTHERS_SIGNALS else EngineError
        return kind(f"the engine {ended(code)}{self._mend}")


def _above_standard_streams(end: socket.socket) -> socket.socket:
    """Where a standard stream is closed its number would be given to this end, and an engine prints there."""
    if end.fileno() > _STANDARD_STREAMS[-1]:
        return end
    import fcntl  # where there are sockets to inherit

    with end:
        return socket.socket(fileno=fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, len(_STANDARD_STREAMS)))


def _end(process: subprocess.Popen[bytes], end: socket.socket, owner: int) -> None:
    """It leaves when nobody listens; where it cannot, it is made to. A forked process leaves it to its parent."""
    end.close()
    if os.getpid() != owner:
        return
    try:
        process.wait(0.2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
