"""The measuring itself, stage by stage, each in fresh processes; what is known so far can be read at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from edgeword.choice import Pair
from edgeword.errors import EngineError
from edgeword_bench import fresh, machine
from edgeword_bench.bandwidth import read_bandwidth
from edgeword_bench.effort import Effort
from edgeword_bench.fresh import ColdStart, Setting
from edgeword_bench.sitting import Request, Seat, Sitting

# Words of the run that is asked for its peak memory.
_MEMORY_WORDS = 100
# After so many processes that failed, what is known has to do.
_MOST_FAILURES = 5

Tell = Callable[[str], None]


class Measurement:
    """What is measured of some variants, by the name of their file."""

    def __init__(self, pairs: Sequence[Pair], setting: Setting, effort: Effort, tell: Tell) -> None:
        self.setting, self.effort, self._tell = setting, effort, tell
        self.pairs = list(pairs)
        self.reasons: dict[str, str] = {}
        """Of what is not measured."""
        self.memory: dict[str, ColdStart] = {}
        self.seats: dict[str, list[Seat]] = {}
        self.cold: dict[str, list[ColdStart]] = {variant.file: [] for _, variant in pairs}
        self.references_us: list[float] = []
        """The fixed computation in each sitting."""
        self.bandwidths: dict[int, float] = {}
        """Bytes → bytes a second, the most that was seen."""
        self.failures: list[str] = []
        """Of processes that had run before."""
        self.started = time.perf_counter()
        self.before = machine.moment()

    def run(self) -> None:
        """Every stage."""
        self._check()
        if self.seats:
            self._take_times()

    def _check(self) -> None:
        """Let each variant say a word in a process of its own: an engine may die of a file."""
        count = len(self.pairs)
        self._tell(f"checking {count} variant{'s' if count > 1 else ''} in processes of their own")
        for pair in self.pairs:
            file = pair[1].file
            try:
                fresh.start(self.setting, pair)  # the first load tries the variant, the second remembers
                self.memory[file] = fresh.start(self.setting, pair, _MEMORY_WORDS)
                self.seats[file] = []
            except EngineError as error:
                self._refuse(file, str(error))

    def _refuse(self, file: str, reason: str) -> None:
        self.seats.pop(file, None)
        self.reasons[file] = reason
        self._tell(f"not measured: {file}: {reason}")

    def _take_times(self) -> None:
        """Sittings, with cold starts and reading between them: together they see more of the machine's moments."""
        effort, started = self.effort, time.perf_counter()
        self._tell(f"timing words: {effort.sittings} sittings or more, at least {effort.least_s:g} s")
        sittings = cold_starts = 0
        while self.seats and len(self.failures) < _MOST_FAILURES:
            enough = sittings >= effort.sittings and time.perf_counter() - started >= effort.least_s
            if (enough or sittings >= effort.most_sittings) and cold_starts >= effort.cold_starts:
                return
            if not enough and sittings < effort.most_sittings:
                sittings += self._sit(seed=sittings + len(self.failures))
                self._read_bandwidths()
            if cold_starts < effort.cold_starts:
                self._start_cold()
                cold_starts += 1

    def _sit(self, seed: int) -> bool:
        """One sitting of all variants; says whether it came to its end."""
        words = {file: seats[-1].words_a_turn if seats else 0 for file, seats in self.seats.items()}
        try:
            self._keep(self._seated(words, seed))
        except EngineError as error:
            self.failures.append(str(error))
            self._find_culprits(words, seed)
            return False
        return True

    def _seated(self, words: dict[str, int], seed: int) -> Sitting:
        setting = self.setting
        request = Request(setting.bundle, setting.prompt, setting.threads, words, self.effort, seed)
        return fresh.sit(request, setting.cache)

    def _keep(self, sitting: Sitting) -> None:
        self.references_us.append(sitting.reference_s * 1e6)
        for seat in sitting.seats:
            self.seats[seat.file].append(seat)

    def _find_culprits(self, words: dict[str, int], seed: int) -> None:
        """Let each variant sit alone, and go on without those that fail alone."""
        for file, count in words.items():
            try:
                self._seated({file: count}, seed)
            except EngineError as error:  # noqa: PERF203 (a handful of turns)
                self._refuse(file, str(error))

    def _start_cold(self) -> None:
        for pair in self.pairs:
            if pair[1].file in self.seats:
                try:
                    self.cold[pair[1].file].append(fresh.start(self.setting, pair))
                except EngineError as error:
                    self.failures.append(str(error))

    def _read_bandwidths(self) -> None:
        for size in {variant.read_bytes for _, variant in self.pairs if variant.file in self.seats}:
            found = read_bandwidth(size, self.setting.threads)
            self.bandwidths[size] = max(found, self.bandwidths.get(size, 0.0))
