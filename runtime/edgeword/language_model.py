"""What users hold: a bundle loaded on one engine, asked for words."""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections.abc import Iterator

import numpy as np

from edgeword.answers import Generation, Score, Suggestion, Timings
from edgeword.bundle.bundle import Bundle
from edgeword.choice.choosing import candidates, choose
from edgeword.choice.trial import Pair
from edgeword.decoding.decoder import Decoder, Prediction
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import LoadedVariant
from edgeword.errors import UsageError
from edgeword.generation.loop import greedy, logprobs_along
from edgeword.probabilities import log_softmax, perplexity

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
        self._lock = threading.Lock()

    @property
    def precision(self) -> str:
        """The precision of the loaded variant."""
        return self.variant.precision

    @property
    def decode(self) -> str:
        """The decode mode: `step` or `window`."""
        return self.bundle.spec.decode.mode

    def generate(self, prompt: str, max_words: int = 20) -> Generation:
        """Continue a prompt with `max_words` greedy words (characters, for a character model).

        Raises UsageError for a `max_words` below 1.
        """
        started = time.perf_counter()
        words = greedy(self._prompted(prompt, max_words))
        with self._lock:
            predictions = [next(words)]
            first = time.perf_counter()
            predictions += itertools.islice(words, max_words - 1)
        per_word = (time.perf_counter() - first) * 1e3 / (max_words - 1) if max_words > 1 else None
        timings = Timings(self.load_ms, (first - started) * 1e3, per_word)
        ids, logprobs = zip(*predictions, strict=True)
        spoken = tuple(map(self.tokenizer.word, ids))
        return Generation(prompt, self.tokenizer.decode(ids), spoken, ids, logprobs, "length", timings)

    def stream(self, prompt: str, max_words: int = 20) -> Iterator[str]:
        """Yield the words of `generate` as they are found. Several streams may run side by side."""
        return (self.tokenizer.word(token) for token in self.stream_ids(prompt, max_words))

    def stream_ids(self, prompt: str, max_words: int = 20) -> Iterator[int]:
        """Yield the ids of `generate` as they are found."""
        return self._in_turn(greedy(self._prompted(prompt, max_words)), max_words)

    def suggest(self, context: str, k: int = 3, prefix: str = "") -> list[Suggestion]:
        """The `k` most probable words after a context, of those that begin with `prefix`, most probable first.

        Raises UsageError for a `k` below 1.
        """
        _check_count(k, "k")
        decoder = self._begun(context, "context")
        with self._lock:
            logprobs = log_softmax(decoder.logits())
        start = _checked(prefix, "prefix").lower() if self.tokenizer.lower else _checked(prefix, "prefix")
        found = (
            Suggestion(self.tokenizer.word(token), math.exp(logprobs[token]))
            for token in np.argsort(-logprobs, kind="stable").tolist()
            if self._is_word(token) and self.tokenizer.word(token).startswith(start)
        )
        return list(itertools.islice(found, k))

    def _is_word(self, token: int) -> bool:
        """Whether the id stands for a word, and not for padding, unknown words or nothing."""
        known = 0 < token <= len(self.tokenizer.vocabulary) and token != self.tokenizer.oov_id
        return known and bool(self.tokenizer.word(token))

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

    def _prompted(self, prompt: str, max_words: int) -> Decoder:
        _check_count(max_words, "max_words")
        return self._begun(prompt, "prompt")

    def _begun(self, text: str, name: str) -> Decoder:
        ids = self.tokenizer.encode(_checked(text, name))
        decoder = self._decoder()
        with self._lock:
            decoder.begin(ids)
        return decoder

    def _in_turn(self, words: Iterator[Prediction], count: int) -> Iterator[int]:
        for _ in range(count):
            with self._lock:
                token, _ = next(words)
            yield token


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
