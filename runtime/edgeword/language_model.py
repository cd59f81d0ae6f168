"""What users hold: a bundle loaded on one engine, asked for words."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from edgeword.answers import Asked, Generation, Score, Suggestion
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.spec import DecodeMode
from edgeword.bundle.trust import trust_in
from edgeword.choice.choosing import PrecisionChoice, candidates, choose
from edgeword.choice.trial import Pair
from edgeword.decoding.decoder import Decoder, checked_ids
from edgeword.engines.engine import EngineChoice, EngineName, LoadedVariant
from edgeword.errors import UsageError
from edgeword.generation.loop import logprobs_along
from edgeword.generation.options import GenerationOptions, Keywords, check_count, check_text
from edgeword.generation.suggesting import permitted_by, suggestions
from edgeword.generation.witness import witness_failure
from edgeword.precisions import PrecisionName
from edgeword.probabilities import perplexity
from edgeword.sharing import Origin, Shared, apart, origin_of

if TYPE_CHECKING:
    from typing import Unpack

    from edgeword.evaluating.evaluation import Evaluation
    from edgeword.session.session import Session

# An engine starts as many as it is told to, until the whole machine has none left.
_MOST_THREADS = 256


class LanguageModel:
    """A loaded variant of a bundle, to be shared.

    Threads take turns at its words. A pickled one is loaded again where it is unpickled, from the same path, if the
    bundle there is the same; a forked process loads its own when it is first asked. `close`, or the end of a `with`
    block, lets the engine go: what is asked afterwards is a UsageError.
    """

    def __init__(
        self,
        bundle: Bundle,
        pair: Pair,
        loaded: LoadedVariant,
        load_ms: float,
        threads: int = 1,
        *,
        isolate: bool = False,
    ) -> None:
        engine, variant = pair
        self.bundle = bundle
        self.tokenizer = bundle.tokenizer
        self.variant = variant
        self.engine: EngineName = engine.name
        self.engine_version = loaded.version
        self.load_ms = load_ms
        self._shared = Shared(bundle, loaded, origin_of(bundle, pair, threads, isolate=isolate))

    def __repr__(self) -> str:
        facts = {
            "engine": self.engine,
            "precision": self.precision,
            "decode": self.decode,
            "vocabulary": self.bundle.spec.vocabulary,
            **({"closed": True} if self._shared.is_closed else {}),
        }
        return f"LanguageModel({self.bundle.path!r}, {', '.join(f'{key}={value!r}' for key, value in facts.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._shared.is_closed:
            raise UsageError("the model is closed and cannot be pickled; load it again with edgeword.load")
        return _load_again, (self._shared.origin,)

    def __enter__(self) -> LanguageModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the engine go, once the words that are being said are; a second time does nothing.

        Its memory is free when the streams, sessions and decoders of this model are gone too.
        """
        self._shared.close()

    @property
    def precision(self) -> PrecisionName:
        """The precision of the loaded variant."""
        return self._shared.origin.precision

    @property
    def decode(self) -> DecodeMode:
        """The decode mode: `step` or `window`."""
        return self.bundle.spec.decode.mode

    def generate(self, prompt: str, max_words: int = 20, **options: Unpack[Keywords]) -> Generation:
        """Continue a prompt with up to `max_words` words (characters, for a character model).

        The other keywords are those of `GenerationOptions`; without any each word is the most probable one.
        Raises UsageError for one that is out of its range.
        """
        started = time.perf_counter()
        settings = GenerationOptions(max_words=max_words, **options)  # type: ignore[arg-type]
        ids = self.tokenizer.encode(check_text(prompt, "prompt"))
        with self._shared as speaker:
            search = speaker.search(ids, settings, spaced=prompt[-1:].isspace())
            heard = Asked(settings, started, self.load_ms).heard(search)
        return heard.after(prompt, self.tokenizer.oov_rate(prompt), self.tokenizer)

    def stream(self, prompt: str, max_words: int = 20, **options: Unpack[Keywords]) -> Iterator[str]:
        """Yield the words of `generate` as they are found; `tokenizer.joined` makes a text of them.

        Several streams may run side by side.

        A word that may be the beginning of a stop text comes when it is known not to be; beams say all at the end.
        """
        settings = GenerationOptions(max_words=max_words, **options)  # type: ignore[arg-type]
        ids = self.tokenizer.encode(check_text(prompt, "prompt"))
        with self._shared as speaker:
            search = speaker.search(ids, settings, spaced=prompt[-1:].isspace())
            return (said[2] for said in self._shared.in_turn(iter(search)))

    def generate_many(
        self,
        prompts: Iterable[str],
        max_words: int = 20,
        *,
        batch: int | None = None,
        seeds: Iterable[int] | None = None,
        **options: Unpack[Keywords],
    ) -> Iterator[Generation]:
        """`generate` for each of many prompts, in their order, which are read as they are needed.

        Up to `batch` texts (None: 64) are continued side by side, with the words and the seed's draws that each has
        alone. Beams, and variants that take one text at a time (`docs/generating.md`), are continued one by one.
        With `seeds` each text has a seed of its own, in place of `seed`. Raises UsageError for an option that is out of
        its range, and where a prompt is none when its turn comes.
        """
        settings = GenerationOptions(max_words=max_words, **options)  # type: ignore[arg-type]
        if isinstance(prompts, str):
            raise UsageError(f"the prompts are one text, {prompts!r}; give a list of texts")
        from edgeword.many import ROWS, Many  # a cold start does not wait for it

        rows = ROWS if batch is None else batch
        check_count(rows, "batch", 1)
        own = None if seeds is None else iter(seeds)
        return Many(self._shared, self.tokenizer, self.load_ms, settings, own).generations(iter(prompts), rows)

    def session(self, context: str | bytes = "") -> Session:
        """A text that grows from a context on, or goes on where a session's snapshot was taken.

        Raises UsageError for a snapshot that is damaged, newer, or of another bundle.
        """
        from edgeword.session.session import Session  # a cold start does not wait for it

        return Session(self._shared, self.bundle, self.load_ms, context)

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

        Letters are matched in the tokenizer's case, and capitals that were typed stay as they are: "Me" gives
        "Memory". `allow` and `deny` are those of `GenerationOptions`. Raises UsageError for a `k` below 1.
        """
        check_count(k, "k", 1)
        permitted = permitted_by(self._shared.vocabulary, allow, deny)
        check_text(prefix, "prefix")
        ids = self.tokenizer.encode(check_text(context, "context"))
        with self._shared as speaker:
            decoder = speaker.begun(ids)
            logits, greedy = decoder.logits(), decoder.greedy()
        found = suggestions(logits, greedy, k, speaker.vocabulary, permitted, prefix=prefix, context=ids)
        return [Suggestion(word, math.exp(logprob)) for _, logprob, word in found]

    def score(self, text: str) -> Score:
        """Perplexity of a text under the model; the first token is context only."""
        ids = self.tokenizer.encode(check_text(text, "text"))
        return Score(*self.score_ids(ids), oov_rate=self.tokenizer.oov_rate(text))

    def score_ids(self, ids: list[int]) -> tuple[float, tuple[float, ...]]:
        """Perplexity and log-probabilities of tokens, out-of-vocabulary targets left out.

        Raises UsageError for what is no id of the vocabulary.
        """
        tokens = checked_ids(ids, self.bundle.spec.vocabulary)
        with self._shared as speaker:
            logprobs = logprobs_along(speaker.decoder(), tokens, self.tokenizer.oov_id)
        return perplexity(logprobs), tuple(logprobs)

    def evaluate(self, lines: Iterable[str], markers: str | None = None) -> Evaluation:
        """How good the model is on lines of text: perplexity, top-1, top-3 and key strokes saved.

        Markers like `<unk>` in it are no words (`drop`) or text (`keep`); None reads them as the training did.
        """
        from edgeword.evaluating.evaluation import evaluated  # a cold start does not wait for it
        from edgeword.tokenizers.markers import MARKERS, markers_in_training

        if markers not in (None, *MARKERS):
            raise UsageError(f"markers {markers!r} is not one of {', '.join(MARKERS)}")
        markers = markers or markers_in_training(self.bundle.manifest.training)
        with self._shared as speaker:
            checked = (check_text(line, "line") for line in lines)
            return evaluated(speaker.decoder(), self.tokenizer, speaker.vocabulary, checked, markers)

    def decoder(self) -> Decoder:
        """A decoder of its own state on this model's graphs; not guarded against other threads."""
        with self._shared as speaker:
            return speaker.decoder()

    def witness_failure(self) -> str | None:
        """The first of the owner's answers, if the bundle has some, that is not given; None where all are."""
        with self._shared as speaker:
            return witness_failure(speaker, self.tokenizer, self.bundle.answers())


def load(
    path: str | os.PathLike[str],
    engine: EngineChoice = "auto",
    precision: PrecisionChoice = "auto",
    threads: int = 1,
    max_perplexity_increase: float | None = None,
    *,
    isolate: bool = False,
    trusted_key: str | os.PathLike[str] | None = None,
    minimum_release: int | None = None,
) -> LanguageModel:
    """Open a bundle and load one of its variants.

    `path` is a folder, a packed file, or a repository of Hugging Face's Hub, `owner/name` (docs/on-a-device.md).
    `auto` is float32 where the bundle holds it, else the most faithful precision in it, on the engine that is fastest
    here at that precision; `fastest` is the fastest of all. The first load on a machine runs each candidate's
    self-test and times a few words, in a process of its own; what fails, dies or takes a minute there is refused with
    an EdgewordWarning (`choice`). With `max_perplexity_increase`, in percent, variants that cost more than that are no
    candidates. With `isolate` the engine stays in a process of its own: one that dies, or takes a minute, is an
    EngineError. That costs the start of a Python, and each run of a graph two messages between processes. With
    `trusted_key`, a PEM file, a bundle that was not signed with it (`edgeword sign`) is refused, and with
    `minimum_release` one whose release is older or that has none; needs the extra `sign`. What is pickled of the model
    asks for both again.
    Raises BundleError, EngineError, UsageError, or InputFileError for a key that cannot be used.
    """
    started = time.perf_counter()
    check_threads(threads)
    bundle = Bundle(path, trust_in(trusted_key, minimum_release))
    pairs = apart(candidates(bundle, engine, precision, max_perplexity_increase), isolate=isolate)
    pair, loaded = choose(bundle, pairs, threads, precision)
    return LanguageModel(bundle, pair, loaded, (time.perf_counter() - started) * 1e3, threads, isolate=isolate)


def _load_again(origin: Origin) -> LanguageModel:
    """What was pickled; raises what `Origin.open` raises."""
    started = time.perf_counter()
    bundle, pair, loaded = origin.open()
    load_ms = (time.perf_counter() - started) * 1e3
    return LanguageModel(bundle, pair, loaded, load_ms, origin.threads, isolate=origin.isolate)


def check_threads(threads: int) -> None:
    """Raise UsageError for what is no number of threads."""
    check_count(threads, "threads", 1, _MOST_THREADS)
