"""The measurement of a bundle's variants: each checked, timed in turn with the others, and started cold."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from edgeword.choice.trial import Pair
from edgeword.errors import EngineError
from edgeword_bench.measuring import machine, process
from edgeword_bench.measuring.bandwidth import read_bandwidth
from edgeword_bench.measuring.effort import Effort
from edgeword_bench.measuring.harness import Harness, Tell
from edgeword_bench.measuring.process import ColdStart, Setting
from edgeword_bench.measuring.subject import Group
from edgeword_bench.measuring.variant import subject_of

# Words of the process that is asked for its peak memory.
_MEMORY_WORDS = 100


class Measurement:
    """What is measured of some variants, by the name of their file."""

    def __init__(self, pairs: Sequence[Pair], setting: Setting, effort: Effort, tell: Tell) -> None:
        self.pairs, self.setting, self.effort, self._tell = list(pairs), setting, effort, tell
        files = [variant.file for _, variant in pairs]
        subjects = tuple(
            subject_of(setting.bundle, file, setting.threads, setting.prompt, **setting.trust) for file in files
        )
        self.harness = Harness([Group(subjects, setting.environment)], effort, tell)
        self.memory: dict[str, ColdStart] = {}
        self.cold: dict[str, list[ColdStart]] = {file: [] for file in files}
        self.bandwidths: dict[int, float] = {}
        """Bytes → bytes a second, the most that was seen."""
        self.started = time.perf_counter()
        self.before = machine.moment()

    def run(self) -> None:
        """Every variant checked, then timed; cold starts and reading between the rounds see as many moments."""
        count, cold_starts = len(self.pairs), itertools.count(1)
        self._tell(f"checking {count} variant{'s' if count > 1 else ''} in processes of their own")
        for pair in self.pairs:
            self._check(pair)
        if self.harness.times:
            self.harness.run(lambda: self._beside_a_round(next(cold_starts)))

    def _check(self, pair: Pair) -> None:
        """Let a variant say a word in a process of its own: an engine may die of a file."""
        file = pair[1].file
        try:
            process.cold_start(self.setting, pair)  # the first load tries the variant, the second remembers
            self.memory[file] = process.cold_start(self.setting, pair, _MEMORY_WORDS)
        except EngineError as error:
            self.harness.give_up(file, str(error))

    def _beside_a_round(self, number: int) -> bool:
        """Read as many bytes as the weights have, and start cold while that is wanted; says whether it is still."""
        left = [pair for pair in self.pairs if pair[1].file in self.harness.times]
        for size in {variant.weights_read_bytes for _, variant in left}:
            self.bandwidths[size] = max(read_bandwidth(size, self.setting.threads), self.bandwidths.get(size, 0.0))
        for pair in left if number <= self.effort.cold_starts else []:
            try:
                self.cold[pair[1].file].append(process.cold_start(self.setting, pair))
            except EngineError as error:  # noqa: PERF203 (a handful of turns)
                self.harness.failures.append(str(error))
        return number < self.effort.cold_starts
