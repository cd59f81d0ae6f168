"""One sitting: every variant loaded and timed in turns, in a process that lives for that alone.

Where a process' memory happens to lie makes it faster or slower by some percent for as long as it lives. Many short
ones show how much that is; one long one would take it for a property of the variant.
"""

from __future__ import annotations

import contextlib
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from edgeword.bundle import Bundle
from edgeword.commands.options import native_stderr_to_null
from edgeword.decoding import Decoder, decoder_factory
from edgeword.engines import engine_of
from edgeword.language_model import LanguageModel
from edgeword.manifest import Variant
from edgeword_bench.effort import Effort
from edgeword_bench.first_word import ANSWER, import_engine
from edgeword_bench.watching import EngineClock, SharedEngine, WatchedEngine


@dataclass(frozen=True)
class Request:
    """What is to be timed."""

    bundle: str
    prompt: str
    threads: int
    words_a_turn: dict[str, int]
    """Model file → words; 0 for as many as the effort asks for, which are then in the answer."""
    effort: Effort
    seed: int
    """Of the order in which the variants are loaded and take their turns."""


@dataclass
class Seat:
    """What was timed of one variant; words in microseconds."""

    file: str
    words_a_turn: int
    settled: bool
    load_s: float
    prompts_s: list[float] = field(default_factory=list)
    first_words_s: list[float] = field(default_factory=list)
    turns_us: list[list[float]] = field(default_factory=list)
    engine_us: list[float] = field(default_factory=list)
    """Inside the engine, of each word in turns that ask for that alone, each after one of the others."""
    engine_runs: int = 0
    """Runs of a graph for the words of `engine_us`."""


@dataclass(frozen=True)
class Sitting:
    """What was timed in one process."""

    seats: list[Seat]
    reference_s: float
    """The fixed computation: how fast the machine was."""


def main() -> None:
    """Read a request from standard input, print the sitting."""
    data = json.load(sys.stdin)
    request = Request(**{**data, "effort": Effort(**data["effort"])})
    print(ANSWER + json.dumps(asdict(sit(request))))


def sit(request: Request) -> Sitting:
    """Load all variants, then let them take turns, round after round."""
    bundle = Bundle(request.bundle)
    variants = [variant for variant in bundle.manifest.variants if variant.file in request.words_a_turn]
    for engine in {engine_of(variant.format).name for variant in variants}:
        import_engine(engine)
    random = np.random.default_rng(request.seed)
    # Nobody is always the first to be loaded, or always follows the same neighbour.
    players = [_Player(request, variants[index]) for index in random.permutation(len(variants))]
    references = []
    for _ in range(request.effort.rounds):
        references.append(fixed_computation())
        for index in random.permutation(len(players)):
            players[index].take_turn()
    return Sitting([player.seat for player in players], min(references))


class _Player:
    """A variant, loaded and warm."""

    def __init__(self, request: Request, variant: Variant) -> None:
        self._prompt, effort = request.prompt, request.effort
        kind = engine_of(variant.format)
        with native_stderr_to_null(), no_garbage_collection():
            started = time.perf_counter()
            bundle = Bundle(request.bundle)
            engine = SharedEngine(kind.open(bundle.read(variant), request.threads))
            self._lm = LanguageModel(bundle, variant, kind.name, engine, 0.0)
            load_s = time.perf_counter() - started
        self._clock = EngineClock()
        self._ids = bundle.tokenizer.encode(self._prompt)
        self._watched = decoder_factory(WatchedEngine(engine, self._clock), bundle.manifest)()
        word_s, settled = warm_up(lambda count: words_of(self._lm, self._prompt, count).words_us)
        words = min(effort.most_words_a_turn, int(effort.turn_s / word_s))
        words = request.words_a_turn[variant.file] or max(effort.fewest_words_a_turn, words)
        self.seat = Seat(variant.file, words, settled, load_s)

    def take_turn(self) -> None:
        """A turn text to text, and a shorter one that watches the engine."""
        seat = self.seat
        with no_garbage_collection():
            turn = words_of(self._lm, self._prompt, seat.words_a_turn)
            runs, engine_us = self._engine_words(max(seat.words_a_turn // 4, 1))
        seat.prompts_s.append(turn.prompt_s)
        seat.first_words_s.append(turn.first_word_s)
        seat.turns_us.append(turn.words_us)
        seat.engine_us += engine_us
        seat.engine_runs += runs

    def _engine_words(self, count: int) -> tuple[int, list[float]]:
        clock, decoder = self._clock, self._watched
        decoder.begin(self._ids)
        _next_word(decoder)  # it also reads the prompt's last token, and finds cold caches
        clock.runs, spent = 0, []
        for _ in range(count):
            clock.seconds = 0.0
            _next_word(decoder)
            spent.append(round(clock.seconds * 1e6, 3))
        return clock.runs, spent


def _next_word(decoder: Decoder) -> None:
    token, _ = decoder.predict()
    decoder.push(token)


@dataclass(frozen=True)
class Turn:
    """One stream of words; the first word is not among the others."""

    prompt_s: float
    first_word_s: float
    """From the prompt's text to the first word."""
    words_us: list[float]


def words_of(lm: LanguageModel, prompt: str, count: int) -> Turn:
    """Stream words, looking at the clock at each."""
    clock = time.perf_counter
    started = clock()
    stream = lm.stream(prompt, count + 1)
    prompted = clock()
    next(stream)
    stamps = [clock()]
    stamps += [clock() for _ in stream]
    words_us = np.round(np.diff(stamps) * 1e6, 3).tolist()
    return Turn(prompted - started, stamps[0] - started, words_us)


# Warm is what does not change any more: this many blocks of words in a row whose medians lie this close together.
_ALIKE, _WITHIN, _MOST_BLOCKS = 3, 0.03, 40
_BLOCK_S, _MOST_WARM_UP_S = 0.002, 2.0


def warm_up(words_us: Callable[[int], Sequence[float]]) -> tuple[float, bool]:
    """Run words until their time settles; returns seconds a word, and whether it did."""
    medians = [float(np.median(words_us(4)))]
    words = int(min(max(_BLOCK_S * 1e6 / medians[0], 4), 256))
    started = time.perf_counter()
    while len(medians) < _MOST_BLOCKS and time.perf_counter() - started < _MOST_WARM_UP_S:
        medians.append(float(np.median(words_us(words))))
        last = medians[-_ALIKE:]
        if len(medians) > _ALIKE and max(last) <= min(last) * (1 + _WITHIN):
            return medians[-1] / 1e6, True
    return medians[-1] / 1e6, False


def fixed_computation() -> float:
    """Seconds of the same arithmetic every time, the best of a few: how fast the machine is just now."""
    values = np.linspace(-3, 3, 4096, dtype=np.float32)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(20):
            np.tanh(values)
        times.append(time.perf_counter() - started)
    return min(times)


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collect first, then not until the end."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
