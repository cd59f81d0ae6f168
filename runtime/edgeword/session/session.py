"""A session: a text that grows as it is typed, and asks what comes next at each key press."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from edgeword.answers import Asked, Generation, Suggestion
from edgeword.bundle.bundle import Bundle
from edgeword.errors import UsageError
from edgeword.generation.options import GenerationOptions, Keywords, check_count, check_text
from edgeword.generation.suggesting import permitted_by, suggestions
from edgeword.session.saved import Saved, binding, from_bytes, to_bytes
from edgeword.session.trail import NO_ID, Trail
from edgeword.sharing import Shared

if TYPE_CHECKING:
    from typing import Unpack


class Session:
    """A text that grows, read once; made by `LanguageModel.session`.

    A word is read when what follows it says that it is finished: whitespace, or what else the tokenizer takes for no
    part of a word. Until then it is `begun`, and what `suggest` completes. Each word read costs one run of the step
    graph; a further letter costs none. Many sessions may share a model, each in a thread of its own; one session
    belongs to one thread at a time. A session that was begun before a fork goes on in the child, too.
    """

    def __init__(self, shared: Shared, bundle: Bundle, load_ms: float, context: str | bytes = "") -> None:
        self._shared, self._bundle, self._load_ms = shared, bundle, load_ms
        self._tokenizer, self._parted = bundle.tokenizer, bundle.tokenizer.typed()
        self._begun = ""
        if isinstance(context, bytes | bytearray | memoryview):
            saved = from_bytes(bytes(context), bundle.spec, self._binding)
            self._trail = Trail(shared, self._tokenizer.start, saved.tokens, saved.snapshot)
            self._begun = saved.begun
        else:
            self._trail = Trail(shared, self._tokenizer.start)
            self.feed(_checked_context(context))

    @cached_property
    def _binding(self) -> bytes:
        return binding(self._bundle)

    @property
    def begun(self) -> str:
        """The word that the text ends in, as it was typed; "" where the last one is finished."""
        return self._begun

    @property
    def tokens(self) -> int:
        """How many tokens the text has, unknown ones and the begun one among them."""
        return len(self._trail.tokens) + len(self._begun_tokens())

    def feed(self, text: str) -> None:
        """Append a text to the text, in pieces of any size: letters, words, a pasted page."""
        self._shared.check_open()
        words, begun = self._parted(self._begun + check_text(text, "text"))
        self._trail.read([self._id(token) for word in words for token in self._tokenizer.tokens(word)])
        self._begun = begun

    def suggest(
        self,
        k: int = 3,
        prefix: str = "",
        *,
        allow: Iterable[str] | None = None,
        deny: Iterable[str] = frozenset(),
    ) -> list[Suggestion]:
        """The `k` most probable words that complete the begun word, or, where none is begun, come next.

        A `prefix` begins a word of its own after the text, whose last word then counts as finished: the answer of
        `LanguageModel.suggest` to the same text. Raises UsageError for a `k` below 1.
        """
        check_count(k, "k", 1)
        vocabulary = self._shared.vocabulary
        permitted = permitted_by(vocabulary, allow, deny)
        typed = self._tokenizer.letters(self._begun) if check_text(prefix, "prefix") == "" else ""
        ahead = [] if typed else self._ahead()
        logits, greedy = self._trail.answer(ahead)
        context = [*self._trail.ids, *ahead] if ahead else self._trail.ids
        found = suggestions(logits, greedy, k, vocabulary, permitted, prefix=prefix or typed, context=context)
        return [Suggestion(word, math.exp(logprob)) for _, logprob, word in found]

    def generate(self, max_words: int = 20, **options: Unpack[Keywords]) -> Generation:
        """What may follow, as `LanguageModel.generate` continues the same text: a begun word counts as finished.

        The session stands where it stood; `feed` what is taken of it. `prompt` is the text as the model has read it.
        """
        started = time.perf_counter()
        settings = GenerationOptions(max_words=max_words, **options)  # type: ignore[arg-type]
        ahead = self._ahead()
        with self._shared as speaker:
            heard = Asked(settings, started, self._load_ms).heard(self._trail.search(speaker, ahead, settings))
        prompt = self._tokenizer.decode([*self._tokenizer.start, *self._trail.ids, *ahead])
        return heard.after(prompt, self._oov_rate(), self._tokenizer)

    def rewind(self, tokens: int) -> None:
        """Take the last tokens of the text away: words, known or not, of which a begun one is the last.

        The last 64 that were read are taken back without a run of the engine; further back, what is left is read
        again. The word before then is a finished one. Raises UsageError for more tokens than there are.
        """
        self._shared.check_open()
        check_count(tokens, "tokens", 0, self.tokens)
        if tokens:
            begun = list(map(self._id, self._begun_tokens()))
            self._trail.read(begun[: max(len(begun) - tokens, 0)])
            self._trail.back(max(tokens - len(begun), 0))
            self._begun = ""

    def snapshot(self) -> bytes:
        """The session as bytes, a few kilobytes and four bytes for each token.

        `LanguageModel.session` goes on from them, on every engine and precision of the same bundle.
        """
        self._shared.check_open()
        saved = Saved(tuple(self._trail.tokens), self._trail.place, self._begun)
        return to_bytes(saved, self._binding)

    def __repr__(self) -> str:
        return f"Session(tokens={self.tokens}, begun={self._begun!r})"

    def _id(self, token: str) -> int:
        found = self._tokenizer.id(token)
        return NO_ID if found is None else found

    def _begun_tokens(self) -> list[str]:
        return self._tokenizer.tokens(self._begun)

    def _ahead(self) -> list[int]:
        """What would be read if the begun word were finished."""
        return [token for token in map(self._id, self._begun_tokens()) if token != NO_ID]

    def _oov_rate(self) -> float:
        unknown = NO_ID if self._tokenizer.oov_id is None else self._tokenizer.oov_id
        tokens = [*self._trail.tokens, *map(self._id, self._begun_tokens())]
        return tokens.count(unknown) / len(tokens) if tokens else 0.0


def _checked_context(context: object) -> str:
    if not isinstance(context, str):
        raise UsageError(f"the context is {context!r}; give a str, or the bytes of a session's snapshot")
    return context
