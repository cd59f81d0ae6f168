"""What users hold: a bundle loaded on one engine, asked for words."""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from edgeword.answers import Generation, Score, Suggestion, Timings
from edgeword.bundle.bundle import Bundle
from edgeword.choice.choosing import candidates, choose
from edgeword.choice.trial import Pair
from edgeword.decoding.decoder import Decoder
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import LoadedVariant
from edgeword.errors import UsageError
from edgeword.generation.loop import logprobs_along
from edgeword.generation.options import GenerationOptions, Keywords
from edgeword.generation.searching import Search
from edgeword.generation.speaking import Speaker
from edgeword.generation.suggesting import suggestions
from edgeword.generation.witness import witness_failure
from edgeword.probabilities import perplexity

if TYPE_CHECKING:
    from typing import Unpack

    from edgeword.generation.stopping import Said

# An engine starts as many as it is told to, until the whole machine has none left.
_MOST_THREADS = 256


class LanguageModel:
    """A loaded variant of a bundle. Safe to share between threads: their words are computed in turn."""

    def __init__(self, bundle: Bundle, pair: Pair, loaded: LoadedVariant, load_ms: float) -> None:
        engine, variant = pair
        self.bundle = bundle
        self.tokenizer = bundle.tokenizer
        self.variant = variant
        self.engine = engine.name
        self.engine_version = loaded.version
        self.load_ms = load_ms
        self._decoder = decoder_factory(loaded, bundle.spec)
        manifest = bundle.manifest
        self._speaker = Speaker(self._decoder, bundle.tokenizer, manifest.spec.vocabulary, manifest.convention)
        self._lock = threading.Lock()

    @property
    def precision(self) -> str:
        """The precision of the loaded variant."""
        return self.variant.precision

    @property
    def decode(self) -> str:
        """The decode mode: `step` or `window`."""
        return self.bundle.spec.decode.mode

    def generate(self, prompt: str, max_words: int = 20, **options: Unpack[Keywords]) -> Generation:
        """Continue a prompt with up to `max_words` words (characters, for a character model).

        The other keywords are those of `GenerationOptions`; without any each word is the most probable one.
        Raises UsageError for one that is out of its range.
        """
        started = time.perf_counter()
        settings = GenerationOptions(max_words=max_words, **options)  # type: ignore[arg-type]
        search = self._search(prompt, settings)
        words = iter(search)
        with self._lock:
            said = list(itertools.islice(words, 1))
            first = time.perf_counter()
            said += words
        rest = (time.perf_counter() - first) * 1e3
        per_word = rest / (len(said) - 1) if len(said) > 1 and settings.beams == 1 else None
        timings = Timings(self.load_ms, (first - started) * 1e3 if said else None, per_word)
        ids, logprobs, spoken = zip(*said, strict=True) if said else ((), (), ())
        text, unknown = "".join(self.tokenizer.joined(spoken)), self.tokenizer.oov_rate(prompt)
        return Generation(prompt, text, spoken, ids, logprobs, search.finish_reason, unknown, timings)

    def stream(self, prompt: str, max_words: int = 20, **options: Unpack[Keywords]) -> Iterator[str]:
        """Yield the words of `generate` as they are found. Several streams may run side by side.

        A word that may be the beginning of a stop text comes when it is known not to be; beams say all at the end.
        """
        settings = GenerationOptions(max_words=max_words, **options)  # type: ignore[arg-type]
        return self._in_turn(iter(self._search(prompt, settings)))

    def suggest(
        self,
        context: str,
        k: int = 3,
        prefix: str = "",
        *,
        allow: Iterable[str] | None = None,
        deny: Iterable[str] = frozenset(),
    ) -> list[Suggestion]:
        """The `k` most probable words after a context, of those that begin with `prefix`, most probable first.

        Letters are matched in the tokenizer's case, and those that were typed stay as they are: "Me" gives
        "Memory". `allow` and `deny` are those of `GenerationOptions`. Raises UsageError for a `k` below 1.
        """
        _check_count(k, "k")
        rules = GenerationOptions(allow=allow, deny=deny)  # type: ignore[arg-type]
        permitted = self._speaker.vocabulary.permitted(rules.allow, rules.deny)
        _checked(prefix, "prefix")
        ids = self.tokenizer.encode(_checked(context, "context"))
        with self._lock:
            decoder = self._speaker.begun(ids)
            logits, greedy = decoder.logits(), decoder.greedy()
        found = suggestions(logits, greedy, k, self._speaker.vocabulary, permitted, prefix=prefix, context=ids)
        return [Suggestion(word, math.exp(logprob)) for _, logprob, word in found]

    def score(self, text: str) -> Score:
        """Perplexity of a text under the model; the first token is context only."""
        ids = self.tokenizer.encode(_checked(text, "text"))
        return Score(*self.score_ids(ids), oov_rate=self.tokenizer.oov_rate(text))

    def score_ids(self, ids: list[int]) -> tuple[float, tuple[float, ...]]:
        """Perplexity and log-probabilities of tokens, out-of-vocabulary targets left out."""
        with self._lock:
            logprobs = logprobs_along(self._decoder(), ids, self.tokenizer.oov_id)
        return perplexity(logprobs), tuple(logprobs)

    def decoder(self) -> Decoder:
        """A decoder of its own state on this model's graphs; not guarded against other threads."""
        return self._decoder()

    def witness_failure(self) -> str | None:
        """The first of the owner's answers, if the bundle has some, that is not given; None where all are."""
        with self._lock:
            return witness_failure(self._speaker, self.tokenizer, self.bundle.answers())

    def _search(self, prompt: str, options: GenerationOptions) -> Search:
        ids = self.tokenizer.encode(_checked(prompt, "prompt"))
        with self._lock:
            return self._speaker.search(ids, options)

    def _in_turn(self, words: Iterator[Said]) -> Iterator[str]:
        while True:
            with self._lock:
                said = next(words, None)
            if said is None:
                return
            yield said[2]


def _check_count(count: int, name: str, most: int | None = None) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or count < 1 or (most is not None and count > most):
        wanted = "of at least 1" if most is None else f"from 1 to {most}"
        raise UsageError(f"{name} is {count!r}; give a whole number {wanted}")


def _checked(text: str, name: str) -> str:
    if not isinstance(text, str):
        raise UsageError(f"the {name} is {text!r}; give a str")
    return text


def load(
    path: str | os.PathLike[str],
    engine: str = "auto",
    precision: str = "auto",
    threads: int = 1,
    max_perplexity_increase: float | None = None,
) -> LanguageModel:
    """Open a bundle and load one of its variants.

    `auto` is float32 where the bundle holds it, else the most faithful precision in it, on the engine that is fastest
    here at that precision; `fastest` is the fastest of all. The first load on a machine runs each candidate's
    self-test and times a few words; what fails is refused with an EdgewordWarning (`choice`). With
    `max_perplexity_increase`, in percent, variants that cost more than that are no candidates. Raises
    BundleError, EngineError or UsageError.
    """
    started = time.perf_counter()
    check_threads(threads)
    bundle = Bundle(path)
    pairs = candidates(bundle, engine, precision, max_perplexity_increase)
    pair, loaded = choose(bundle, pairs, threads, precision)
    return LanguageModel(bundle, pair, loaded, (time.perf_counter() - started) * 1e3)


def check_threads(threads: int) -> None:
    """Raise UsageError for what is no number of threads."""
    _check_count(threads, "threads", _MOST_THREADS)
