"""A bundle's variant as a subject: its words clocked from text to text, and the part of them inside the engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.trust import trust_in
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import Graph, LoadedVariant, engine_of
from edgeword.engines.quiet import native_stderr_to_null
from edgeword.generation.loop import greedy
from edgeword.language_model import LanguageModel
from edgeword_bench.measuring.clock import no_garbage_collection
from edgeword_bench.measuring.first_word import import_engine
from edgeword_bench.measuring.subject import Subject, Turn


def subject_of(bundle: str, file: str, threads: int, prompt: str, **trust: Any) -> Subject:
    """The subject that is called like its file; `trust` are keywords of `trust_in`."""
    options = {"bundle": bundle, "file": file, "threads": threads, "prompt": prompt, **trust}
    return Subject(file, f"{__name__}:VariantSubject", options)


class VariantSubject:
    """A variant, loaded."""

    def __init__(self, bundle: str, file: str, threads: int, prompt: str, **trust: Any) -> None:
        trusted = trust_in(**trust)
        variant = next(variant for variant in Bundle(bundle, trusted).manifest.variants if variant.file == file)
        engine = engine_of(variant.format)
        import_engine(engine.name)
        with native_stderr_to_null(), no_garbage_collection():
            started = time.perf_counter()
            opened = Bundle(bundle, trusted)
            loaded = SharedVariant(engine.open(opened.read(variant), threads))
            self._lm = LanguageModel(opened, (engine, variant), loaded, 0.0, threads)
            self.facts = {"load_s": time.perf_counter() - started}
        self._clock = EngineClock()
        self._watched = decoder_factory(WatchedVariant(loaded, self._clock), opened.spec)()
        self._prompt, self._ids = prompt, opened.tokenizer.encode(prompt)

    def turn(self, words: int) -> Turn:
        """A stream text to text, and a shorter one that watches the engine."""
        prompt_s, first_word_s, words_us = stream_words(self._lm, self._prompt, words)
        runs, engine_us = self._engine_words(max(words // 4, 1))
        return Turn(words_us, prompt_s, first_word_s, engine_us, runs)

    def _engine_words(self, count: int) -> tuple[int, tuple[float, ...]]:
        clock = self._clock
        self._watched.begin(self._ids)
        words = greedy(self._watched)
        next(words)  # it also reads the prompt's last token, and finds cold caches
        clock.runs, spent = 0, []
        for _ in range(count):
            clock.seconds = 0.0
            next(words)
            spent.append(round(clock.seconds * 1e6, 3))
        return clock.runs, tuple(spent)


def stream_words(lm: LanguageModel, prompt: str, count: int) -> tuple[float, float, tuple[float, ...]]:
    """Seconds until the prompt was read and until the first word, then microseconds of each of `count` words.

    A text that ends before is begun again; the first word after a prompt is not among the others. Fewer words where
    the model ends a text at once.
    """
    prompt_s, first_word_s, words_us = _text(lm, prompt, count)
    more = list(words_us)
    while more and len(words_us) < count:
        _, _, more = _text(lm, prompt, count - len(words_us))
        words_us += more
    return prompt_s, first_word_s, tuple(words_us)


def _text(lm: LanguageModel, prompt: str, count: int) -> tuple[float, float, list[float]]:
    """The same of one text, which may be shorter."""
    clock = time.perf_counter
    started = clock()
    stream = lm.stream(prompt, count + 1)
    prompted = clock()
    next(stream, None)
    stamps = [clock()]
    stamps += [clock() for _ in stream]
    return prompted - started, stamps[0] - started, np.round(np.diff(stamps) * 1e6, 3).tolist()


class SharedVariant:
    """A loaded variant whose graphs are opened once: decoders of two factories then run the same ones."""

    def __init__(self, loaded: LoadedVariant) -> None:
        self.version = loaded.version
        self._loaded = loaded
        self._graphs: dict[str, Graph] = {}

    def graph(self, signature: str) -> Graph:
        """See `LoadedVariant.graph`."""
        if signature not in self._graphs:
            self._graphs[signature] = self._loaded.graph(signature)
        return self._graphs[signature]

    def wide(self, signature: str, rows: int) -> Graph | None:
        """See `LoadedVariant.wide`."""
        return self._loaded.wide(signature, rows)


@dataclass
class EngineClock:
    """Time inside an engine, and how often it was entered."""

    seconds: float = 0.0
    runs: int = 0


class WatchedVariant:
    """A loaded variant whose runs a clock counts."""

    def __init__(self, loaded: LoadedVariant, clock: EngineClock) -> None:
        self.version = loaded.version
        self._loaded, self._clock = loaded, clock

    def graph(self, signature: str) -> Graph:
        """See `LoadedVariant.graph`."""
        return WatchedGraph(self._loaded.graph(signature), self._clock)

    def wide(self, signature: str, rows: int) -> Graph | None:
        """See `LoadedVariant.wide`."""
        graph = self._loaded.wide(signature, rows)
        return None if graph is None else WatchedGraph(graph, self._clock)


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
