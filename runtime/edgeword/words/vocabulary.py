"""Words as a search sees them: each id's text, which ids may be said, and the words that begin with given letters."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword.errors import UsageError
from edgeword.tokenizers.kinds import AnyTokenizer, Speller
from edgeword.words.permitted import Permitted

# Prefixes whose words are remembered: of one and two letters hardly more are typed.
_REMEMBERED = 256

Rules = tuple["frozenset[str] | None", frozenset[str]]
"""What is allowed, and what is denied."""


class Vocabulary:
    """The words of a model of `size` ids, V; an id that the tokenizer does not know has no word."""

    def __init__(self, tokenizer: AnyTokenizer, size: int, *, says_unknown: bool = False, ends: bool = False) -> None:
        self.size = size
        self._says_unknown = says_unknown
        self.ends = ends
        """Whether a greedy text ends at an id without a word, which is passed over otherwise."""
        self.joiner = tokenizer.joiner
        self.end_id = tokenizer.end_id
        """The id of the token that ends a text; None where none does."""
        self._tokenizer = tokenizer
        self._last: tuple[Rules, Permitted] | None = None

    @cached_property
    def words(self) -> Sequence[str]:
        """The word of each id, `[V]`, in its usual form; "" where there is none."""
        return self._by_id(self._tokenizer.vocabulary)

    @cached_property
    def _keys(self) -> Sequence[str]:
        """The token of each id, `[V]`, as texts are read."""
        same = self._tokenizer.keys is self._tokenizer.vocabulary
        return self.words if same else self._by_id(self._tokenizer.keys)

    def _by_id(self, vocabulary: Sequence[str | None]) -> list[str]:
        words = [self._tokenizer.zero or "", *(word or "" for word in vocabulary)][: self.size]
        words += [""] * (self.size - len(words))
        unknown = self._tokenizer.oov_id
        if unknown and unknown < self.size:
            words[unknown] = self._tokenizer.oov_token or ""
        return words

    def speller(self, context: Sequence[int] = (), *, spaced: bool = False) -> Speller:
        """Spells what follows the ids of a text, which perhaps ends in white space."""
        return self._tokenizer.speller(context, spaced=spaced) or _WordByWord(self.words)

    def suggested(self, token: int, context: Sequence[int]) -> str:
        """The word of an id, as it would be written after the ids of a text."""
        return self._tokenizer.suggested(self.words[token], context)

    def spaces_after(self, word: str) -> int:
        """How many spaces stand behind a word, 0 or 1, as a rule."""
        return len(self.joiner) if self.end_id is None else int(word[:1].isalnum())

    @cached_property
    def _silent(self) -> list[int]:
        """Ids that nobody wants to hear: padding, ids without a word, the tokens for unknown words and for the end."""
        unknown = None if self._says_unknown else self._tokenizer.oov_id
        return [i for i, word in enumerate(self.words) if not word or i in (unknown, self.end_id)]

    def permitted(self, allow: frozenset[str] | None = None, deny: frozenset[str] = frozenset()) -> Permitted:
        """The ids that may be said. An entry is a word in any spelling that the tokenizer reads as that word.

        Padding, ids without a word and the token for unknown words are denied, unless `allow` names the last. The end
        of a text is no word; whether it may come, `Permitted.ending` says: always, unless it is denied.
        Words that the vocabulary lacks cannot be said and change nothing. Raises UsageError where an entry of
        `allow` is several words, and where nothing is left to say.
        """
        rules = (allow, deny)
        last = self._last  # read once: another thread may write another one
        if last is None or last[0] != rules:  # the same lists come again at each key press
            self._last = last = rules, self._permitted(*rules)
        return last[1]

    def _permitted(self, allow: frozenset[str] | None, deny: frozenset[str]) -> Permitted:
        denied = [ids for ids in map(self.ids_of, sorted(deny)) if ids]
        mask = np.ones(self.size, bool)
        mask[self._silent] = False
        if allow is not None:
            mask = np.zeros(self.size, bool)
            mask[self._allowed(allow)] = True
        alone = {ids[0] for ids in denied if len(ids) == 1}
        mask[[*alone]] = False
        end_id = None if self.end_id in alone else self.end_id
        if end_id is not None:
            mask[end_id] = False
        if not mask.any():
            raise UsageError("allow and deny leave no word of the vocabulary to say; allow more, or deny less")
        return Permitted(mask, tuple(ids for ids in denied if len(ids) > 1), end_id)

    def _allowed(self, allow: Iterable[str]) -> list[int]:
        found: list[int] = []
        for entry in sorted(allow):
            ids = self.ids_of(entry)
            if len(ids) > 1:
                raise UsageError(f"allow holds {entry!r}, which is {len(ids)} words to the tokenizer; give each alone")
            found += ids
        return found

    def ids_of(self, text: str) -> tuple[int, ...]:
        """Ids of an entry: a token spelled exactly so, else the text's tokens; none where one has no id."""
        exact = self._id(text)
        if exact is not None:
            return (exact,)
        ids = [self._id(token) for token in self._tokenizer.tokens(text)]
        return () if None in ids else tuple(ids)  # type: ignore[arg-type]

    def _id(self, token: str) -> int | None:
        found = self._tokenizer.id(token)
        fits = found is not None and found < self.size and token != "" and self._is(found, token)
        return found if fits else None

    def _is(self, token_id: int, token: str) -> bool:
        """Whether an id is the token's own, and not that of unknown words."""
        return self._tokenizer.oov_id is None or self._keys[token_id] == token

    def spelled(self, prefix: str) -> str:
        """Letters of a begun word in the tokenizer's case: where it lowers texts, lowered as it does."""
        return self._tokenizer.spelled(prefix)

    def beginning_with(self, prefix: str) -> NDArray[np.intp]:
        """Ids in ascending order of the words that begin with a prefix, in the tokenizer's case; to be read only.

        O(log V) and a sort of what was found, which is remembered for the prefixes that come again.
        """
        return self._remembered(prefix)

    @cached_property
    def _remembered(self) -> Callable[[str], NDArray[np.intp]]:
        return lru_cache(_REMEMBERED)(self._found)

    def _found(self, prefix: str) -> NDArray[np.intp]:
        words, ids = self._sorted
        first = bisect_left(words, prefix)
        return np.sort(ids[first : bisect_right(words, prefix, first, key=lambda word: word[: len(prefix)])])

    @cached_property
    def _sorted(self) -> tuple[list[str], NDArray[Any]]:
        """The tokens in order, and their ids."""
        ids = sorted((i for i, word in enumerate(self._keys) if word), key=self._keys.__getitem__)
        return [self._keys[i] for i in ids], np.array(ids, np.intp)


class _WordByWord:
    """Spells each word as it stands in the vocabulary."""

    def __init__(self, words: Sequence[str]) -> None:
        self.say = words.__getitem__

    def copy(self) -> _WordByWord:
        """Itself: nothing depends on what came before."""
        return self
