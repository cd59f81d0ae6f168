"""A model that is shared: by threads that take turns, and by processes that each load it for themselves."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar, cast

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.trust import Trust
from edgeword.choice.choosing import candidates, choose
from edgeword.choice.trial import Pair
from edgeword.decoding.factory import Decoders
from edgeword.engines.engine import EngineName, LoadedVariant
from edgeword.errors import BundleError, UsageError
from edgeword.frozen import frozen
from edgeword.generation.speaking import Speaker
from edgeword.precisions import PrecisionName
from edgeword.words.vocabulary import Vocabulary

T = TypeVar("T")

# Engines of a parent process. Their destructors wait for threads that a fork has left behind (onnxruntime 1.31 with
# two threads hangs), so nothing of them is ever let go in the child.
_LEFT_BY_PARENTS: list[Speaker] = []


@frozen
class Origin:
    """Where a loaded variant came from: all that it takes to load it again."""

    path: str
    """Absolute."""
    digest: str
    """The bundle's: see `Bundle.digest`."""
    engine: EngineName
    precision: PrecisionName
    threads: int
    isolate: bool = False
    trust: Trust | None = None

    def open(self) -> tuple[Bundle, Pair, LoadedVariant]:
        """Load it again; raises BundleError for a bundle that is not the same any more, EngineError or UsageError."""
        bundle = Bundle(self.path, self.trust)
        if bundle.digest != self.digest:
            raise BundleError(f"{self.path} has changed since the model was loaded; load it again with edgeword.load")
        pairs = apart(candidates(bundle, self.engine, self.precision), isolate=self.isolate)
        return bundle, *choose(bundle, pairs, self.threads, self.precision)


def apart(pairs: list[Pair], *, isolate: bool) -> list[Pair]:
    """The pairs with their engines in processes of their own, if that is asked for."""
    if not isolate:
        return pairs
    from edgeword.isolation.engine import isolated  # few ask for it

    return [(isolated(engine), variant) for engine, variant in pairs]


def origin_of(bundle: Bundle, pair: Pair, threads: int, *, isolate: bool = False) -> Origin:
    """Of a variant that was loaded with so many threads."""
    engine, variant = pair
    precision = cast(PrecisionName, variant.precision)  # a bundle with another one was refused
    # A path holds from any folder; the name of a repository does as it is.
    path = os.path.abspath(bundle.path) if os.path.lexists(bundle.path) else bundle.path  # noqa: PTH100 (cold start)
    return Origin(path, bundle.digest, engine.name, precision, threads, isolate, bundle.trust)


class Shared:
    """A speaker for one thread at a time: `with shared as speaker`. A forked process loads its own at its first turn.

    A turn raises UsageError once it is closed, and what `Origin.open` raises.
    """

    def __init__(self, bundle: Bundle, loaded: LoadedVariant, origin: Origin) -> None:
        self.origin = origin
        self._speaker: Speaker | None = _speaker(bundle, loaded)
        self._pid = os.getpid()
        # By process: a lock that another thread of the parent held is never free again in the child.
        self._locks = {self._pid: threading.Lock()}

    @property
    def vocabulary(self) -> Vocabulary:
        """The words, for which nobody needs a turn; raises UsageError once closed."""
        return self._open().vocabulary

    def check_open(self) -> None:
        """Raise UsageError once closed."""
        self._open()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._speaker is None

    def lock(self) -> threading.Lock:
        """What a thread of this process holds in its turn."""
        # One call of a dict is never torn between threads.
        return self._locks.setdefault(os.getpid(), threading.Lock())

    def __enter__(self) -> Speaker:
        lock = self.lock()
        lock.acquire()
        try:
            speaker = self._open()
            return speaker if self._pid == os.getpid() else self._opened_again(speaker)
        except BaseException:
            lock.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.lock().release()

    def in_turn(self, items: Iterator[T]) -> Iterator[T]:
        """What was begun in this turn, gone on with in a turn of its own for each item.

        Raises UsageError once closed, and in a forked process, which cannot go on with its parent's engine.
        """
        return self._in_turn(items, self._open(), os.getpid())

    def _in_turn(self, items: Iterator[T], speaker: Speaker, pid: int) -> Iterator[T]:
        """Not by `with self`, which would add a microsecond to each word."""
        lock = self.lock()
        while True:
            if os.getpid() != pid:
                raise UsageError("the stream was begun in another process; begin it again in this one")
            with lock:
                if self._speaker is not speaker:
                    self._open()
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    def close(self) -> None:
        """Let the engine go, when whose turn it is has ended; a second time does nothing."""
        with self.lock():
            if self._pid != os.getpid() and self._speaker is not None:
                _LEFT_BY_PARENTS.append(self._speaker)
            self._speaker = None

    def _open(self) -> Speaker:
        speaker = self._speaker
        if speaker is None:
            raise UsageError("the model is closed; load it again with edgeword.load")
        return speaker

    def _opened_again(self, parents: Speaker) -> Speaker:
        """In a forked process: the parent's engine has lost its threads, and may wait for them for ever."""
        bundle, _, loaded = self.origin.open()
        _LEFT_BY_PARENTS.append(parents)
        self._speaker = speaker = _speaker(bundle, loaded)
        self._pid = os.getpid()
        return speaker


def _speaker(bundle: Bundle, loaded: LoadedVariant) -> Speaker:
    convention, size = bundle.manifest.convention, bundle.spec.vocabulary
    decoders = Decoders(loaded, bundle.spec)
    return Speaker(decoders.decoder, bundle.tokenizer, size, convention, decoders.batch)
