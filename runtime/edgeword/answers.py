"""What a language model answers."""

from __future__ import annotations

import itertools
import time
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from edgeword.frozen import frozen

if TYPE_CHECKING:
    from edgeword.generation.options import GenerationOptions
    from edgeword.generation.searching import Search
    from edgeword.generation.stopping import FinishReason, Said
    from edgeword.tokenizers.kinds import AnyTokenizer


@frozen
class Timings:
    """Wall-clock milliseconds; None where nothing was measured."""

    load_ms: float
    """Opening the bundle and loading the variant."""
    first_word_ms: float | None
    """From the prompt's text to the first word."""
    ms_per_word: float | None
    """Mean over the words after the first; None for beams too, which find all words at once."""


@frozen
class Generation:
    """A continuation of a prompt; `words`, `ids` and `logprobs` belong together, one each for each word."""

    prompt: str
    text: str
    """The words joined, without the prompt; of kinds that join words by more than a space, what follows the prompt."""
    words: tuple[str, ...]
    """Each as the text has it; of a word in which a stop text begins, what comes before it."""
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    """The model's own natural log-probabilities, before temperature, penalties and denials."""
    finish_reason: FinishReason
    """`length`: as many words as were asked for; `stop`: a stop text came; `end`: it ends, or no word was left."""
    oov_rate: float
    """Share of the prompt's tokens that are not in the vocabulary, 0 to 1."""
    timings: Timings


def generation_dict(generation: Generation, engine: str, precision: str, decode: str) -> dict[str, Any]:
    """What is printed of a generation, but for its timings, which differ each time."""
    said = {field.name: getattr(generation, field.name) for field in fields(generation) if field.name != "timings"}
    return {**said, "engine": engine, "precision": precision, "decode": decode}


@frozen
class Suggestion:
    """A word that may come next, and the model's probability of it, 0 to 1."""

    word: str
    probability: float


@frozen
class Score:
    """How well the model foretells a text, token by token after the first."""

    perplexity: float
    """exp of the mean negative log-probability over the scored tokens; nan where there is none."""
    logprobs: tuple[float, ...]
    """One for each token after the first, without the targets that are out of the vocabulary."""
    oov_rate: float
    """Share of the text's tokens that are not in the vocabulary, 0 to 1."""


@frozen
class Asked:
    """What a search is to answer."""

    options: GenerationOptions
    started: float
    """By `time.perf_counter`."""
    load_ms: float

    def heard(self, search: Search) -> Heard:
        """Go through all words of the search."""
        words = iter(search)
        said = list(itertools.islice(words, 1))
        first = time.perf_counter()
        said += words
        return self.ended(search, said, first)

    def ended(self, search: Search, said: list[Said], first: float) -> Heard:
        """All words of a search, which ends now; `first` is when the first one came, by `time.perf_counter`."""
        rest_ms = (time.perf_counter() - first) * 1e3
        per_word = rest_ms / (len(said) - 1) if len(said) > 1 and self.options.beams == 1 else None
        timings = Timings(self.load_ms, (first - self.started) * 1e3 if said else None, per_word)
        return Heard(said, search.finish_reason, timings)


@frozen
class Heard:
    """What a search has said."""

    said: list[Said]
    finish_reason: FinishReason
    timings: Timings

    def after(self, prompt: str, oov_rate: float, tokenizer: AnyTokenizer) -> Generation:
        """As the answer to a prompt."""
        ids, logprobs, spoken = zip(*self.said, strict=True) if self.said else ((), (), ())
        text = "".join(tokenizer.joined(spoken))
        return Generation(prompt, text, spoken, ids, logprobs, self.finish_reason, oov_rate, self.timings)
