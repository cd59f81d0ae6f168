"""A text as it is typed: the words that are finished, and the one that is begun."""

from __future__ import annotations

import re

from edgeword.tokenizers.tokenizer import ASCII_WHITESPACE, Tokenizer

_NOTHING = "(?!)"


class Typed:
    """Parts a text at what the tokenizer takes for no part of a word, before it is lowercased.

    A finished word stays as it is, whatever follows. (Of Greek capitals with full stops between them, the tokens of
    the whole text may have another small sigma than those of its words.)
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._parting = None if tokenizer.level == "char" else re.compile(_separators(tokenizer))

    def parted(self, text: str) -> tuple[list[str], str]:
        """The finished words of a text, some of them empty, and the one that it ends in, "" where none is begun."""
        if self._parting is None:
            return list(text), ""
        *words, begun = self._parting.split(text)
        return words, begun


def _separators(tokenizer: Tokenizer) -> str:
    if tokenizer.punctuation == "strip":  # filtered characters vanish within a word
        return _one_of(set(ASCII_WHITESPACE).difference(tokenizer.filters))
    filters = _read_as(set(tokenizer.filters), tokenizer)
    # Filtered characters go first: what they are a part of is never found.
    splits = {split for split in _read_as({tokenizer.split}, tokenizer) if filters.isdisjoint(split)}
    return _one_of(filters | splits)


def _read_as(parts: set[str], tokenizer: Tokenizer) -> set[str]:
    """What is typed for these, in either case where the tokenizer lowers texts."""
    cased = {form for part in parts for form in (part, part.upper())}
    return {form for form in cased if (form.lower() if tokenizer.lower else form) in parts}


def _one_of(parts: set[str]) -> str:
    return "|".join(map(re.escape, sorted(parts))) or _NOTHING
