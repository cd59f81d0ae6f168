"""What users hold: a bundle loaded on one engine, asked for words."""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeword.bundle import Bundle
from edgeword.choice import Pair, choose
from edgeword.decoding import Decoder, decoder_factory, log_softmax, logprob_of
from edgeword.engines import Engine, engine_kinds
from edgeword.errors import UsageError
from edgeword.manifest import Variant
from edgeword.precisions import FLOAT32_ROUNDING_PERCENT, PRECISIONS

# An engine starts as many as it is told to, until the whole machine has none left.
_MOST_THREADS = 256


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


class LanguageModel:
    """A loaded variant of a bundle. Safe to share between threads: their words are computed in turn."""

    def __init__(self, bundle: Bundle, variant: Variant, engine: str, loaded: Engine, load_ms: float) -> None:
        self.bundle = bundle
        self.tokenizer = bundle.tokenizer
        self.variant = variant
        self.engine = engine
        self.engine_version = loaded.version
        self.load_ms = load_ms
        self._decoder = decoder_factory(loaded, bundle.manifest)
        self._lock = threading.Lock()

    @property
    def precision(self) -> str:
        """The precision of the loaded variant."""
        return self.variant.precision

    @property
    def decode(self) -> str:
        """The decode mode: `step` or `window`."""
        return self.bundle.manifest.decode.mode

    def generate(self, prompt: str, max_words: int = 20) -> Generation:
        """Continue a prompt with `max_words` greedy words (characters, for a character model).

        Raises UsageError for a `max_words` below 1.
        """
        started = time.perf_counter()
        decoder = self._prompted(prompt, max_words)
        predict, push = decoder.predict, decoder.push
        ids, logprobs = [], []
        with self._lock:
            token, logprob = predict()
            first = time.perf_counter()
            ids.append(token)
            logprobs.append(logprob)
            for _ in range(max_words - 1):
                push(token)
                token, logprob = predict()
                ids.append(token)
                logprobs.append(logprob)
        per_word = (time.perf_counter() - first) * 1e3 / (max_words - 1) if max_words > 1 else None
        timings = Timings(self.load_ms, (first - started) * 1e3, per_word)
        words = tuple(self.tokenizer.word(token) for token in ids)
        text = self.tokenizer.joiner.join(word for word in words if word)
        return Generation(prompt, text, words, tuple(ids), tuple(logprobs), "length", timings)

    def stream(self, prompt: str, max_words: int = 20) -> Iterator[str]:
        """Yield the words of `generate` as they are found. Several streams may run side by side."""
        return self._words(self._prompted(prompt, max_words), max_words)

    def suggest(self, context: str, k: int = 3, prefix: str = "") -> list[Suggestion]:
        """The `k` most probable words after a context, of those that begin with `prefix`, most probable first.

        After an empty context only the most probable word is known, and there may be fewer words than `k`. Raises
        UsageError for a `k` below 1.
        """
        _check_count(k, "k")
        ids = self.tokenizer.encode(_checked(context, "context"))
        decoder = self._decoder()
        with self._lock:
            decoder.begin(ids)
            best, logprob = decoder.predict()
            logprobs = log_softmax(decoder.logits()) if ids else None
        ranked = [best] if logprobs is None else np.argsort(-logprobs, kind="stable").tolist()
        start = _checked(prefix, "prefix").lower() if self.tokenizer.lower else _checked(prefix, "prefix")
        found = (
            Suggestion(self.tokenizer.word(token), math.exp(logprob if logprobs is None else logprobs[token]))
            for token in ranked
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
        return Score(
            *self.score_ids(ids),
            oov_rate=self.tokenizer.oov_rate(text),
        )

    def score_ids(self, ids: list[int]) -> tuple[float, tuple[float, ...]]:
        """Perplexity and log-probabilities of tokens, out-of-vocabulary targets left out."""
        decoder = self._decoder()
        logprobs = []
        with self._lock:
            decoder.begin(ids[:1])
            for target in ids[1:]:
                decoder.predict()
                if target != self.tokenizer.oov_id:
                    logprobs.append(logprob_of(decoder.logits(), target))
                decoder.push(target)
        perplexity = float(np.exp(-np.mean(logprobs))) if logprobs else float("nan")
        return perplexity, tuple(logprobs)

    def decoder(self) -> Decoder:
        """A decoder of its own state on this model's graphs; not guarded against other threads."""
        return self._decoder()

    def _prompted(self, prompt: str, max_words: int) -> Decoder:
        _check_count(max_words, "max_words")
        ids = self.tokenizer.encode(_checked(prompt, "prompt"))
        decoder = self._decoder()
        with self._lock:
            decoder.begin(ids)
        return decoder

    def _words(self, decoder: Decoder, max_words: int) -> Iterator[str]:
        for _ in range(max_words):
            with self._lock:
                token, _ = decoder.predict()
                decoder.push(token)
            yield self.tokenizer.word(token)


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

    The first load on a machine runs each candidate's self-test and times a few words; what fails is refused with
    an EdgewordWarning, and the fastest of the others is taken, now and at later loads (`choice`). With
    `max_perplexity_increase`, in percent, variants that cost more than that are no candidates. Raises
    BundleError, EngineError or UsageError.
    """
    started = time.perf_counter()
    check_threads(threads)
    bundle = Bundle(path)
    pairs = candidates(bundle, engine, precision, max_perplexity_increase)
    kind, variant, loaded = choose(bundle, pairs, threads)
    return LanguageModel(bundle, variant, kind.name, loaded, (time.perf_counter() - started) * 1e3)


def check_threads(threads: int) -> None:
    """Raise UsageError for what is no number of threads."""
    _check_count(threads, "threads", _MOST_THREADS)


def candidates(
    bundle: Bundle, engine: str = "auto", precision: str = "auto", max_perplexity_increase: float | None = None
) -> list[Pair]:
    """The (engine, variant) pairs that fit what was asked for, in the order of the precisions' table."""
    if precision not in ("auto", *PRECISIONS):
        raise UsageError(f"precision {precision!r} is not one of auto, {', '.join(PRECISIONS)}")
    variants = bundle.manifest.variants
    order = list(PRECISIONS)
    limit = _limit(max_perplexity_increase)
    found = [
        (kind, variant)
        for kind in engine_kinds(engine)
        for variant in sorted(variants, key=lambda v: order.index(v.precision))
        if variant.format == kind.format
        and precision in ("auto", variant.precision)
        and variant.fidelity.perplexity_increase <= limit
    ]
    if not found:
        held = ", ".join(f"{v.format} {v.precision}" for v in variants)
        within = "" if limit == float("inf") else f", perplexity at most {max_perplexity_increase} % higher"
        raise UsageError(
            f"{bundle.path} has no variant for engine {engine}, precision {precision}{within}; it holds {held}"
        )
    return found


def _limit(max_perplexity_increase: float | None) -> float:
    """The largest increase that is let through, in percent."""
    if max_perplexity_increase is None:
        return float("inf")
    number = isinstance(max_perplexity_increase, int | float) and not isinstance(max_perplexity_increase, bool)
    if not number or not max_perplexity_increase >= 0:
        raise UsageError(
            f"max_perplexity_increase is {max_perplexity_increase!r}; give a percentage of at least 0, or None"
        )
    return max(max_perplexity_increase, FLOAT32_ROUNDING_PERCENT)
