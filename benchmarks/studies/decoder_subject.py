"""A file's decoder as a subject of the harness: greedy words by their ids, without a tokenizer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from edgeword.bundle.spec import Spec
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import ENGINES
from edgeword.generation.loop import greedy
from edgeword.records import read_record
from edgeword_bench.measuring.subject import Subject, Turn


def subject_of(name: str, file: Path, engine: str, threads: int, spec: Spec) -> Subject:
    """The decoder of a file on an engine."""
    options = {"file": str(file), "engine": engine, "threads": threads, "spec": asdict(spec)}
    return Subject(name, f"{__name__}:DecoderSubject", options)


class DecoderSubject:
    """A decoder, loaded."""

    def __init__(self, file: str, engine: str, threads: int, spec: Mapping[str, Any]) -> None:
        read = read_record(Spec, spec, "spec")
        loaded = ENGINES[engine].open(Path(file).read_bytes(), threads)
        self._decoder = decoder_factory(loaded, read)()
        # Longer than any window, so that a window is full of words.
        self._prompt = [number % (read.vocabulary - 1) + 1 for number in range(read.window.length or 1)]
        self.facts = {"library": loaded.version}

    def turn(self, words: int) -> Turn:
        """Each word on its own."""
        self._decoder.begin(self._prompt)
        stamps = [time.perf_counter()]
        stamps += [time.perf_counter() for _ in islice(greedy(self._decoder), words)]
        return Turn(tuple((np.diff(stamps) * 1e6).tolist()))
