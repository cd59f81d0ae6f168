"""Perplexity, top-1, top-3 and key strokes on a text, in one pass over it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable

from edgeword.decoding.decoder import Decoder
from edgeword.errors import EdgewordWarning
from edgeword.evaluating.keystrokes import SHOWN, Typist
from edgeword.frozen import frozen
from edgeword.probabilities import Array, logprob_of
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.markers import UNKNOWN_AS, Markers, lines_without
from edgeword.words.vocabulary import Vocabulary


@frozen
class Evaluation:
    """How good a model is on a text. Each line is a text of its own, of which the first word is context only.

    Where a tokenizer has a token for a line's end, which stands before every text, the first word is asked for too.
    A word that the text itself does not know (`<unk>`) is context, and never asked for: nobody knows its letters.
    """

    words: int
    """Words that were asked for."""
    oov_rate: float
    """Share of them that the vocabulary lacks, 0 to 1."""
    perplexity: float
    """Over the words that it has; nan where there is none."""
    top1: float
    """Share of all words that were the most probable one; one that the vocabulary lacks never is."""
    top3: float
    """Share of all words that were among the three most probable ones."""
    keystroke_savings: float
    """Share of the key presses that a person saves to whom three words are shown: see `Typist`."""


class _Sums:
    """What is counted on the way."""

    words = known = first = shown = keys_with = keys_without = 0
    logprob = 0.0

    def evaluation(self) -> Evaluation:
        """The figures; shares of nothing are nan."""

        def share(part: float, whole: int) -> float:
            return part / whole if whole else math.nan

        return Evaluation(
            self.words,
            share(self.words - self.known, self.words),
            math.exp(-self.logprob / self.known) if self.known else math.nan,
            share(self.first, self.words),
            share(self.shown, self.words),
            1 - share(self.keys_with, self.keys_without),
        )


def evaluated(
    decoder: Decoder, tokenizer: AnyTokenizer, vocabulary: Vocabulary, lines: Iterable[str], markers: str = "drop"
) -> Evaluation:
    """The figures of a decoder on lines of text; markers in it are read as in training, and named in a warning."""
    found, unknown = Markers(keep=markers == "keep"), UNKNOWN_AS[tokenizer.level]
    typist, sums = Typist(vocabulary, vocabulary.permitted()), _Sums()
    for line in lines_without(lines, tokenizer.level, found):
        words = tokenizer.tokens(line)
        # Where something stands before every text, the first word is asked for as well.
        context = 0 if tokenizer.start else 1
        decoder.begin([*tokenizer.start, *_read(tokenizer, words[:context])])
        for word in words[context:]:
            ids = _read(tokenizer, [word])
            known = bool(ids) and ids != [tokenizer.oov_id]
            if known or not (unknown and unknown in word):
                _add(sums, typist, word, decoder.logits() if known else None, ids)
            for token in ids:
                decoder.advance(token)
    if found.warning:
        warnings.warn(found.warning, EdgewordWarning, stacklevel=3)
    return sums.evaluation()


def _read(tokenizer: AnyTokenizer, words: Iterable[str]) -> list[int]:
    """The ids that enter the context: none for a word that the tokenizer passes over."""
    return [token for token in map(tokenizer.id, words) if token is not None]


def _add(sums: _Sums, typist: Typist, word: str, logits: Array | None, ids: list[int]) -> None:
    """Count a word; `logits` are None for one that the model does not know, which is typed letter by letter."""
    keys = typist.keys_without(word)
    sums.words += 1
    sums.keys_without += keys
    if logits is None:
        sums.keys_with += keys
        return
    (token,) = ids
    rank = typist.rank(logits, token)
    sums.known += 1
    sums.logprob += logprob_of(logits, token)
    sums.first += rank < 1
    sums.shown += rank < SHOWN
    sums.keys_with += typist.keys_with(logits, token, word, rank)
