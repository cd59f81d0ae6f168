"""A benchmark of a bundle: each variant checked, timed in turn with the others, started cold, beside its machine."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgeword.bundle import Bundle
from edgeword.choice import Pair
from edgeword.engines import engine_of
from edgeword.errors import EngineError
from edgeword.language_model import candidates, check_threads
from edgeword.manifest import Variant
from edgeword_bench import fresh, machine, summary
from edgeword_bench.bandwidth import read_bandwidth
from edgeword_bench.effort import USUAL, Effort
from edgeword_bench.fresh import ColdStart, Setting
from edgeword_bench.results import Report, Result
from edgeword_bench.sitting import Request, Seat, Sitting

# How far the fixed computation may drift before it is said.
_MOST_DRIFT = 0.05
# Words of the run that is asked for its peak memory.
_MEMORY_WORDS = 100
# The prompt, cut from the self-test: long enough that reading it can be told from finding a word.
_PROMPT_TOKENS = 8

Tell = Callable[[str], None]


class Interrupted(KeyboardInterrupt):
    """The benchmark was interrupted; `report` holds what was measured by then."""

    def __init__(self, report: Report) -> None:
        super().__init__("interrupted")
        self.report = report


def benchmark(
    bundle: str | os.PathLike[str],
    engine: str = "auto",
    precision: str = "auto",
    threads: int = 1,
    *,
    effort: Effort = USUAL,
    tell: Tell = lambda _line: None,
) -> Report:
    """Measure every variant of a bundle that fits `engine` and `precision`, on one word at a time (batch 1).

    A variant that cannot run here gets a row with the reason. Raises BundleError, UsageError or MissingEngineError
    where nothing can be measured, and Interrupted, a KeyboardInterrupt with what was measured so far.
    """
    check_threads(threads)
    opened = Bundle(bundle)
    pairs = candidates(opened, engine, precision)
    absent = _without_engine(opened, precision) if engine == "auto" else []
    with tempfile.TemporaryDirectory(prefix="edgeword-benchmark-") as cache:
        setting = Setting(opened.path, threads, _prompt(opened), cache)
        run = _Run(opened, pairs, setting, effort, tell)
        try:
            run.all()
        except KeyboardInterrupt:
            raise Interrupted(run.report(absent, interrupted=True)) from None
        return run.report(absent)


def _without_engine(bundle: Bundle, precision: str) -> list[tuple[Variant, str]]:
    """The variants whose engine is not installed, and how to get it."""
    return [
        (variant, str(kind.missing()))
        for variant in bundle.manifest.variants
        for kind in [engine_of(variant.format)]
        if precision in ("auto", variant.precision) and not kind.installed
    ]


def _prompt(bundle: Bundle) -> str:
    """The same text for each benchmark of a bundle."""
    test = bundle.manifest.self_test
    return bundle.tokenizer.decode((*test.prompt, *test.ids)[:_PROMPT_TOKENS])


class _Run:
    """One benchmark: what is measured, stage by stage."""

    def __init__(self, bundle: Bundle, pairs: Sequence[Pair], setting: Setting, effort: Effort, tell: Tell) -> None:
        self._bundle, self._setting, self._effort, self._tell = bundle, setting, effort, tell
        self._pairs = list(pairs)
        self._reasons: dict[str, str] = {}
        self._seats: dict[str, list[Seat]] = {}
        self._memory: dict[str, ColdStart] = {}
        self._deaths: list[str] = []
        self._cold: dict[str, list[ColdStart]] = {variant.file: [] for _, variant in pairs}
        self._references_us: list[float] = []
        self._bandwidths: dict[int, float] = {}
        self._started = time.perf_counter()
        self._before = machine.moment()

    def all(self) -> None:
        """Every stage; the report can be asked for after any of them."""
        self._check()
        if self._seats:
            self._sit()
            self._start_cold()
            self._read_bandwidths()

    def _check(self) -> None:
        """Let each variant say a word in a process of its own: an engine may die of a file."""
        self._tell(f"checking {_count(self._pairs, 'variant')} in processes of their own")
        for pair in self._pairs:
            file = pair[1].file
            try:
                fresh.start(self._setting, pair)  # the first load tries the variant, the second remembers
                memory = fresh.start(self._setting, pair, _MEMORY_WORDS)
            except EngineError as error:
                self._refuse(file, str(error))
            else:
                self._memory[file], self._seats[file] = memory, []

    def _refuse(self, file: str, reason: str) -> None:
        self._reasons[file] = reason
        self._tell(f"not measured: {file}: {reason}")

    def _sit(self) -> None:
        effort, started = self._effort, time.perf_counter()
        self._tell(f"timing words: {effort.sittings} sittings or more, at least {effort.least_s:g} s")
        for number in range(effort.most_sittings):
            if number >= effort.sittings and time.perf_counter() - started >= effort.least_s:
                return
            words = {file: seats[-1].words_a_turn if seats else 0 for file, seats in self._seats.items()}
            setting = self._setting
            request = Request(setting.bundle, setting.prompt, setting.threads, words, effort, seed=number)
            try:
                self._keep(fresh.sit(request, setting.cache))
            except EngineError as error:
                self._deaths.append(str(error))

    def _keep(self, sitting: Sitting) -> None:
        self._references_us.append(sitting.reference_s * 1e6)
        for seat in sitting.seats:
            self._seats[seat.file].append(seat)

    def _start_cold(self) -> None:
        self._tell(f"starting cold: {self._effort.cold_starts} processes for each variant")
        for _ in range(self._effort.cold_starts):
            for pair in self._running():
                self._cold[pair[1].file].append(fresh.start(self._setting, pair))

    def _read_bandwidths(self) -> None:
        self._tell("reading memory, for the floor")
        for size in {variant.read_bytes for _, variant in self._running()}:
            self._bandwidths[size] = read_bandwidth(size, self._setting.threads)

    def _running(self) -> list[Pair]:
        """The pairs that passed the check."""
        return [pair for pair in self._pairs if pair[1].file in self._seats]

    def report(self, absent: Sequence[tuple[Variant, str]], *, interrupted: bool = False) -> Report:
        """What is known by now."""
        state = machine.meanwhile(self._before, machine.moment())
        facts = machine.machine()
        rows = [self._row(variant, kind.name) for kind, variant in self._pairs]
        rows += [
            dataclasses.replace(self._row(variant, engine_of(variant.format).name), reason=why)
            for variant, why in absent
        ]
        doubts = [*machine.doubts(facts, state, self._setting.threads), *self._doubts(rows)]
        return Report(self._environment(facts, state), tuple(rows), tuple(doubts), interrupted)

    def _row(self, variant: Variant, engine: str) -> Result:
        row = Result(
            engine=engine,
            file=variant.file,
            format=variant.format,
            precision=variant.precision,
            decode=self._bundle.manifest.decode.mode,
            threads=self._setting.threads,
            size_bytes=variant.size,
            perplexity=variant.fidelity.perplexity,
            perplexity_increase=variant.fidelity.perplexity_increase,
            top1_agreement=variant.fidelity.top1_agreement,
            read_bytes_per_word=variant.read_bytes,
            reason=self._reasons.get(variant.file),
        )
        memory = self._memory.get(variant.file)
        if memory is None:
            return row
        peak = None if memory.peak_rss_bytes is None else memory.peak_rss_bytes / 1e6
        row = dataclasses.replace(row, engine_version=memory.engine_version, peak_rss_mb=peak)
        row = summary.with_cold_starts(summary.with_words(row, self._seats[variant.file]), self._cold[variant.file])
        return summary.with_floor(row, self._bandwidths.get(variant.read_bytes))

    def _environment(self, facts: dict[str, Any], state: machine.Meanwhile) -> dict[str, Any]:
        bundle = self._bundle
        return {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": round(time.perf_counter() - self._started, 1),
            "bundle": {
                "name": bundle.manifest.name,
                "digest": bundle.digest,
                "vocabulary": bundle.manifest.vocabulary,
                "decode": bundle.manifest.decode.mode,
                "prompt_tokens": len(bundle.tokenizer.encode(self._setting.prompt)),
            },
            "machine": facts,
            "state": {**dataclasses.asdict(state), "reference_us": [round(us, 2) for us in self._references_us]},
            "versions": machine.versions(),
            "settings": {
                "threads": self._setting.threads,
                "onnxruntime_spinning": False,
                "garbage_collector": False,
                "timer_ns": round(_timer_s() * 1e9, 1),
                **dataclasses.asdict(self._effort),
            },
            "bandwidth_gb_per_s": {
                f"{size} bytes": round(rate / 1e9, 2) for size, rate in sorted(self._bandwidths.items())
            },
        }

    def _doubts(self, rows: Sequence[Result]) -> list[str]:
        """What in the figures themselves looks doubtful."""
        unsettled = [row.file for row in rows if row.settled is False]
        found = [f"never reached a steady time while warming up: {', '.join(unsettled)}"] if unsettled else []
        if self._deaths:
            found.append(f"{_count(self._deaths, 'sitting')} died, the last of this: {self._deaths[-1]}")
        drift = summary.drift(self._references_us)
        if abs(drift) > _MOST_DRIFT:
            found.append(
                f"the machine's own speed changed by {drift:+.0%} from the first third of the sittings to the last (a "
                "fixed computation, timed beside the words)"
            )
        return found


def _timer_s() -> float:
    """What looking at the clock costs: the smallest difference of two looks in a row."""
    looks = [time.perf_counter() for _ in range(1000)]
    return float(np.diff(looks).mean())


def _count(items: Sequence[object], noun: str) -> str:
    return f"{len(items)} {noun}{'s' if len(items) != 1 else ''}"
