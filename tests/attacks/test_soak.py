"""Many words in four threads, each word the right one, and no memory that grows; `make soak` says two millions."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edgeword import LanguageModel, load
from edgeword.engines.engine import ENGINES

WORDS = int(os.environ.get("EDGEWORD_SOAK_WORDS", "4000"))
THREADS = 4
# What is taken once (caches, the threads' own stacks, arenas of the allocator) is taken in the first part of a run.
WARM_UP, SAMPLES = 0.2, 50
MOST_GROWTH = 1.02
PROMPTS = ("", "the cell", "a gate decides", "no such word as zebra", "the model names the next word " * 20)

Said = list[object]


def greedy(lm: LanguageModel, prompt: str) -> Said:
    said = lm.generate(prompt, 30)
    return list(zip(said.ids, said.logprobs, strict=True))


def drawn(lm: LanguageModel, prompt: str) -> Said:
    return list(lm.generate(prompt, 30, temperature=0.8, top_k=10, seed=7).ids)


def streamed(lm: LanguageModel, prompt: str) -> Said:
    return list(lm.stream(prompt, 30))


def many(lm: LanguageModel, prompt: str) -> Said:
    return [word for said in lm.generate_many([prompt, "the state"] * 3, 5) for word in said.ids]


def typed(lm: LanguageModel, prompt: str) -> Said:
    """Ten words of a session that is fed with what it suggests."""
    session, found = lm.session(f"{prompt} "), []
    for _ in range(10):
        found.append(session.suggest(3))
        session.feed(f"{found[-1][0].word} ")
    return found


WAYS: tuple[Callable[[LanguageModel, str], Said], ...] = (greedy, drawn, streamed, many, typed)


class Soak:
    """What the threads share: jobs with their answers, taken in turn, and how many words were said."""

    def __init__(self, models: list[LanguageModel], wanted: int) -> None:
        jobs = [(way, lm, prompt) for way in WAYS for lm in models for prompt in PROMPTS]
        self._jobs = itertools.cycle([(*job, job[0](*job[1:])) for job in jobs])
        self._lock = threading.Lock()
        self._wanted = wanted
        self.words = 0
        self.resident: list[int] = []
        """Bytes, at as many moments after the warm-up."""

    def work(self) -> None:
        """Until all words are said; an AssertionError for the first wrong one."""
        while self.words < self._wanted:
            with self._lock:
                way, lm, prompt, expected = next(self._jobs)
            assert way(lm, prompt) == expected
            with self._lock:
                self.words += len(expected)
                due = WARM_UP + len(self.resident) * (1 - WARM_UP) / SAMPLES
                if self.words >= due * self._wanted:
                    self.resident.append(resident_bytes())


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


BULK = """
import sys
from edgeword.bulk import bulk
from edgeword_bench.measuring.first_word import peak_rss_bytes
bulk(*sys.argv[1:], engine="litert", precision="float32", max_words=2)
print(peak_rss_bytes())
"""


@pytest.mark.skipif("EDGEWORD_SOAK_WORDS" not in os.environ, reason="make soak")
def test_a_hundred_times_as_many_prompts_take_no_more_memory(step_bundle, tmp_path, capsys):
    peaks = {}
    for count in (1_000, 100_000):
        prompts, out = tmp_path / f"{count}.txt", tmp_path / f"{count}.jsonl"
        prompts.write_text("the cell reads a word\n" * count, "ascii")
        line = [sys.executable, "-c", BULK, str(step_bundle), str(prompts), str(out)]
        peaks[count] = int(subprocess.run(line, capture_output=True, text=True, check=True).stdout) / 1e6
        assert out.read_bytes().count(b"\n") == count
    with capsys.disabled():
        print("\n" + ", ".join(f"{count:,} prompts in {peak:.1f} MB at most" for count, peak in peaks.items()))
    assert peaks[100_000] <= MOST_GROWTH * peaks[1_000]


def test_every_word_is_right_and_memory_stays_as_it_is(step_bundle, replay_bundle, capsys):
    models = [load(path, engine, "float32") for path in (step_bundle, replay_bundle) for engine in ENGINES]
    soak = Soak(models, WORDS)
    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(soak.work) for _ in range(THREADS)]:
            done.result()
    assert soak.words >= WORDS
    assert len(soak.resident) >= SAMPLES / 2
    first, largest, last = (each / 1e6 for each in (soak.resident[0], max(soak.resident), soak.resident[-1]))
    with capsys.disabled():
        print(
            f"\n{soak.words:,} words, each right; resident {first:.1f} MB, at most {largest:.1f}, {last:.1f} at the end"
        )
    assert largest <= MOST_GROWTH * first


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_word_is_seen(step_bundle, way):
    """Threads that end with an error end the soak with it."""
    soak = Soak([load(step_bundle, "onnx", "float32")], 50)
    other = load(step_bundle, "onnx", "dynamic-int8")
    soak._jobs = itertools.cycle([(way, other, "the cell", [*way(other, "the cell"), "more"])])
    with pytest.raises(AssertionError):
        soak.work()
