"""A peer as a subject of the harness: its words checked first, then whole calls clocked, and each checked again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any

from edgeword_bench.measuring.subject import Turn
from studies.peers.task import Task


class PeerSubject:
    """`WAY.build(folder, **options)` makes its loop; raises ValueError where its words are not the model's."""

    def __init__(self, folder: str, way: str, options: Mapping[str, Any], words: int, exact: bool) -> None:
        loaded = import_module(way).build(Path(folder), **options)
        self._loop, self._words, self._exact = loaded.loop, words, exact
        self._task = Task.load(Path(folder))
        self._call()
        self.facts = {"library": loaded.library, "agreement": None if exact else self._agreement()}

    def turn(self, words: int) -> Turn:
        """As many calls as say about so many words; a value is a call's time over its words."""
        return Turn(tuple(self._call() for _ in range(max(1, round(words / self._words)))))

    def _call(self) -> float:
        started = time.perf_counter()
        ids = self._loop(self._task.prompt, self._words)
        seconds = time.perf_counter() - started
        expected = self._task.words[: self._words]
        if self._exact and ids != expected:
            pairs = zip(ids, expected, strict=False)
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            raise ValueError(f"says other words than the Keras model, from word {same + 1} on")
        return seconds * 1e6 / self._words

    def _agreement(self) -> float:
        """Share of the questions that it answers with the Keras model's word."""
        answers = [self._loop(question, 1)[0] for question in self._task.questions]
        return sum(one == other for one, other in zip(answers, self._task.answers, strict=True)) / len(answers)
