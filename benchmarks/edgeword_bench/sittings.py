"""Timing words: each variant loaded anew for each sitting, all of them in turn, round after round."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeword.bundle import Bundle
from edgeword.choice import Pair
from edgeword.commands.options import native_stderr_to_null
from edgeword.decoding import Decoder
from edgeword.engines import Engine, Graph
from edgeword.language_model import LanguageModel


@dataclass(frozen=True)
class Effort:
    """How much is measured; the rule is what the percentiles ask for."""

    sittings: int = 11
    """How often each variant is loaded anew, at least."""
    rounds: int = 3
    """Turns of each variant in a sitting."""
    words: int = 1000
    """Words of each variant over all sittings, at least."""
    most_words_a_round: int = 1000
    turn_s: float = 0.035
    """What a turn should last, where that is not too many words."""
    least_s: float = 10.0
    """Sittings go on until they have lasted this long, so that they see more than one moment of the machine."""
    most_sittings: int = 40
    cold_starts: int = 11


USUAL = Effort()


@dataclass
class Timed:
    """What was timed of one variant, in seconds; words in microseconds."""

    pair: Pair
    words_a_round: int = 0
    settled: bool = True
    loads_s: list[float] = field(default_factory=list)
    prompts_s: list[float] = field(default_factory=list)
    first_words_s: list[float] = field(default_factory=list)
    sittings_us: list[list[list[float]]] = field(default_factory=list)
    engine_us: list[float] = field(default_factory=list)
    """Inside the engine, of each word in the rounds that ask for that alone."""
    engine_runs: int = 0
    """Runs of a graph for the words of `engine_us`."""


def sit(path: str, prompt: str, timed: Sequence[Timed], threads: int, effort: Effort) -> Iterator[float]:
    """One sitting after another until there is enough; yields the time of the fixed computation in each, seconds."""
    random = np.random.default_rng(0)
    started = time.perf_counter()
    for number in range(effort.most_sittings):
        if number >= effort.sittings and time.perf_counter() - started > effort.least_s:
            return
        seats = [_Seat(path, prompt, one, threads, effort) for one in timed]
        for seat in seats:
            seat.timed.sittings_us.append([])
        references = []
        for _ in range(effort.rounds):
            references.append(fixed_computation())
            for index in random.permutation(len(seats)):  # nobody always follows the same neighbour
                seats[index].take_turn()
        yield min(references)


class _Seat:
    """A variant that is loaded for one sitting."""

    def __init__(self, path: str, prompt: str, timed: Timed, threads: int, effort: Effort) -> None:
        self.timed, self._prompt = timed, prompt
        kind, variant = timed.pair
        with native_stderr_to_null(), _no_garbage_collection():
            started = time.perf_counter()
            bundle = Bundle(path)
            engine = SharedEngine(kind.open(bundle.read(variant), threads))
            self._lm = LanguageModel(bundle, variant, kind.name, engine, 0.0)
            timed.loads_s.append(time.perf_counter() - started)
        self._clock = EngineClock()
        self._ids = bundle.tokenizer.encode(prompt)
        watched = LanguageModel(bundle, variant, kind.name, WatchedEngine(engine, self._clock), 0.0)
        self._watched = watched.decoder()
        word_s, settled = warm_up(lambda count: words_of(self._lm, prompt, count).words_us)
        timed.settled &= settled
        if not timed.words_a_round:
            fewest = -(-effort.words // (effort.sittings * effort.rounds))
            timed.words_a_round = max(fewest, min(effort.most_words_a_round, int(effort.turn_s / word_s)))

    def take_turn(self) -> None:
        """A round text to text, and a shorter one that watches the engine."""
        timed = self.timed
        with _no_garbage_collection():
            turn = words_of(self._lm, self._prompt, timed.words_a_round)
            runs, engine_us = self._engine_words(max(timed.words_a_round // 4, 1))
        timed.prompts_s.append(turn.prompt_s)
        timed.first_words_s.append(turn.first_word_s)
        timed.sittings_us[-1].append(turn.words_us)
        timed.engine_us += engine_us
        timed.engine_runs += runs

    def _engine_words(self, count: int) -> tuple[int, list[float]]:
        clock, decoder = self._clock, self._watched
        decoder.begin(self._ids)
        _next_word(decoder)  # it also reads the prompt's last token, and finds cold caches
        clock.runs, spent = 0, []
        for _ in range(count):
            clock.seconds = 0.0
            _next_word(decoder)
            spent.append(clock.seconds * 1e6)
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
def _no_garbage_collection() -> Iterator[None]:
    """Collect first, then not until the end."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class SharedEngine:
    """An engine whose graphs are opened once: two language models then run the same ones."""

    def __init__(self, engine: Engine) -> None:
        self.version = engine.version
        self._engine = engine
        self._graphs: dict[str, Graph] = {}

    def graph(self, signature: str) -> Graph:
        """See `Engine.graph`."""
        if signature not in self._graphs:
            self._graphs[signature] = self._engine.graph(signature)
        return self._graphs[signature]


@dataclass
class EngineClock:
    """Time inside an engine, and how often it was entered."""

    seconds: float = 0.0
    runs: int = 0


class WatchedEngine:
    """An engine whose runs a clock counts."""

    def __init__(self, engine: Engine, clock: EngineClock) -> None:
        self.version = engine.version
        self._engine, self._clock = engine, clock

    def graph(self, signature: str) -> Graph:
        """See `Engine.graph`."""
        return WatchedGraph(self._engine.graph(signature), self._clock)


class WatchedGraph:
    """A graph whose runs a clock counts."""

    def __init__(self, graph: Graph, clock: EngineClock) -> None:
        self.inputs, self.outputs = graph.inputs, graph.outputs
        inner, now = graph.run, time.perf_counter

        def run() -> None:
            started = now()
            inner()
            clock.seconds += now() - started
            clock.runs += 1

        self.run: Callable[[], None] = run
