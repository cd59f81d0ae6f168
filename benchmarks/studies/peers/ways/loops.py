"""What every peer's loop looks like: it is given the prompt and a number of words, and returns the words' ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Loop = Callable[[list[int], int], list[int]]
"""(prompt ids, words) → ids of the greedy words."""
Step = Callable[[int, Any], tuple[Any, Any]]
"""(token, state) → (logits, state); the logits are an array of V values with `argmax`."""


@dataclass(frozen=True)
class Loaded:
    """A peer that is ready: its loop, and the library and version that runs it."""

    loop: Loop
    library: str


def stepping(step: Step, start: Callable[[], Any]) -> Loop:
    """A loop that carries the state: one step for each token of the prompt and each word."""

    def loop(prompt: list[int], words: int) -> list[int]:
        state, found = start(), []
        for token in prompt[:-1]:
            _, state = step(token, state)
        token = prompt[-1]
        for _ in range(words):
            logits, state = step(token, state)
            token = int(logits.argmax())
            found.append(token)
        return found

    return loop


def replaying(answer: Callable[[Sequence[int]], Any]) -> Loop:
    """A loop without state: for each word, the model reads the whole text again."""

    def loop(prompt: list[int], words: int) -> list[int]:
        ids = list(prompt)
        for _ in range(words):
            ids.append(int(answer(ids).argmax()))
        return ids[len(prompt) :]

    return loop
