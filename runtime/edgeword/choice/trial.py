"""A trial: one variant on one engine of this machine, self-tested and timed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.manifest import SelfTest, Variant
from edgeword.bundle.spec import Window
from edgeword.choice.self_test import self_test_failure
from edgeword.decoding.decoder import Decoder
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import Engine, LoadedVariant
from edgeword.errors import EngineError, MissingEngineError, UsageError
from edgeword.frozen import frozen
from edgeword.precisions import UNSAFE

SELF_TEST_VARIABLE = "EDGEWORD_SELF_TEST"
"""`0` leaves the trials out, `here` makes them in the process that loads."""

# A trial times words until both are reached, or the longest time.
_WORDS, _SECONDS, _LONGEST_SECONDS = 32, 0.01, 0.3

Pair = tuple[Engine, Variant]


@frozen
class Trial:
    """What came of it."""

    version: str
    """Distribution and version of the engine, as in `onnxruntime 1.31.1`."""
    file: str
    refusal: str
    """Why it must not be used; empty where it passed."""
    us_per_word: float | None
    """Microseconds a greedy word, one run; None where it was refused."""

    def __post_init__(self) -> None:
        passed = self.us_per_word is not None and self.us_per_word > 0
        if passed == bool(self.refusal):
            raise UsageError("a trial has a time or a refusal")


def try_variant(bundle: Bundle, pair: Pair, threads: int) -> Trial:
    """Load a variant, run the self-test and time a few words; raises MissingEngineError."""
    engine, variant = pair
    version = engine.installed_package().version()
    try:
        loaded = load_untried(bundle, pair, threads)
        decoder = decoder_factory(loaded, bundle.spec)()
        refusal = self_test_failure(decoder, bundle.manifest.self_test, variant)
    except MissingEngineError:
        raise
    except EngineError as error:
        refusal = str(error)
    if refusal:
        return refused(version, variant, refusal)
    test = bundle.manifest.self_test
    return Trial(version, variant.file, "", _us_per_word(decoder, test.prompt, _read_of(test, bundle.spec.window)))


def refused(version: str, variant: Variant, refusal: str) -> Trial:
    """The trial of a variant that must not be used, which names the engine."""
    return Trial(version, variant.file, refusal if version in refusal else f"{version}: {refusal}", None)


def load_untried(bundle: Bundle, pair: Pair, threads: int) -> LoadedVariant:
    """Load a variant that was not tried yet; raises EngineError for one that may take the process down."""
    engine, variant = pair
    distribution = engine.installed_package().distribution
    content = bundle.read(variant)
    if variant.precision in UNSAFE.get(distribution, ()):
        raise EngineError(f"{distribution} refuses the file: {variant.precision} would corrupt its memory")
    return engine.open(content, threads)


def _read_of(test: SelfTest, window: Window) -> Sequence[int]:
    """The words of the self-test that the engine runs for: padding that is masked is passed by, and costs nothing."""
    return [token for token in test.ids if token != window.passed_by] or test.prompt


def _us_per_word(decoder: Decoder, prompt: Sequence[int], words: Sequence[int]) -> float:
    """The fastest of a few runs: what else the machine does only adds to a time."""
    times: list[float] = []
    while True:
        times.append(_timed_run(decoder, prompt, words))
        spent = sum(times)
        if spent > _LONGEST_SECONDS or (spent > _SECONDS and len(times) * len(words) >= _WORDS):
            return min(times) * 1e6 / len(words)


def _timed_run(decoder: Decoder, prompt: Sequence[int], words: Sequence[int]) -> float:
    """Seconds until each of the words was asked for and read."""
    decoder.begin(prompt)
    started = time.perf_counter()
    for token in words:
        decoder.greedy()
        decoder.advance(token)
    return time.perf_counter() - started
