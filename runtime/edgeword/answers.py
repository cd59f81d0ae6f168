"""What a language model answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Wall-clock milliseconds; None where nothing was measured."""

    load_ms: float
    """Opening the bundle and loading the variant."""
    first_word_ms: float | None
    """From the prompt's text to the first word."""
    ms_per_word: float | None
    """Mean over the words after the first."""


@dataclass(frozen=True)
class Generation:
    """A greedy continuation; `text` is without the prompt, `logprobs` are natural logarithms."""

    prompt: str
    text: str
    words: tuple[str, ...]
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish_reason: str
    """`length`: as many words as were asked for."""
    timings: Timings


@dataclass(frozen=True)
class Suggestion:
    """A word that may come next, and the model's probability of it, 0 to 1."""

    word: str
    probability: float


@dataclass(frozen=True)
class Score:
    """How well the model foretells a text, token by token after the first."""

    perplexity: float
    """exp of the mean negative log-probability over the scored tokens; nan where there is none."""
    logprobs: tuple[float, ...]
    """One for each token after the first, without the targets that are out of the vocabulary."""
    oov_rate: float
    """Share of the text's tokens that are not in the vocabulary, 0 to 1."""
