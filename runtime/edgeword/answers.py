"""What a language model answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeword.generation.stopping import FinishReason


@dataclass(frozen=True)
class Timings:
    """Wall-clock milliseconds; None where nothing was measured."""

    load_ms: float
    """Opening the bundle and loading the variant."""
    first_word_ms: float | None
    """From the prompt's text to the first word."""
    ms_per_word: float | None
    """Mean over the words after the first; None for beams too, which find all words at once."""


@dataclass(frozen=True)
class Generation:
    """A continuation of a prompt; `words`, `ids` and `logprobs` belong together, one each for each word."""

    prompt: str
    text: str
    """The words joined, without the prompt."""
    words: tuple[str, ...]
    """Of a word in which a stop text begins, what comes before it."""
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    """The model's own natural log-probabilities, before temperature, penalties and denials."""
    finish_reason: FinishReason
    """`length`: as many words as were asked for; `stop`: a stop text came; `end`: nothing was left to say."""
    oov_rate: float
    """Share of the prompt's tokens that are not in the vocabulary, 0 to 1."""
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
