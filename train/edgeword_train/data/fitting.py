"""A tokenizer fitted to a corpus, of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.scanning import UNKNOWN
from edgeword.tokenizers.text import TextTokenizer
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_train.data.markers import UNKNOWN_MARK
from edgeword_train.data.usual_forms import UsualForms

OOV_TOKEN = "<oov>"  # noqa: S105

Fit = Callable[[Iterable[str], "int | None"], AnyTokenizer]
"""Of the lines of a corpus, and the number of ids."""


def fit_text(lines: Iterable[str], vocab_size: int | None = None) -> TextTokenizer:
    """Of text as people write it; None keeps every word."""
    forms = UsualForms()
    for line in lines:
        forms.add(line)
    return forms.tokenizer(vocab_size)


def fit_words(lines: Iterable[str], vocab_size: int | None = None) -> Tokenizer:
    """Of words as Keras' `Tokenizer` finds them."""
    return Tokenizer.fit(lines, num_words=vocab_size, oov_token=OOV_TOKEN)


def fit_characters(lines: Iterable[str], vocab_size: int | None = None) -> Tokenizer:
    """Of single characters."""
    return Tokenizer.fit(lines, num_words=vocab_size, oov_token=OOV_TOKEN, char_level=True, filters="", lower=False)


@dataclass(frozen=True)
class Kind:
    """How a kind of tokens is fitted."""

    fit: Fit
    unknown: str = UNKNOWN_MARK
    """What stands for a word that is unknown in the corpus where a line is read: no word of any vocabulary."""
    unknown_in_fit: str = " "
    """The same where the vocabulary is counted, of which it is no part."""


KINDS: dict[str, Kind] = {
    "text": Kind(fit_text, UNKNOWN, UNKNOWN),
    "word": Kind(fit_words),
    "char": Kind(fit_characters, unknown_in_fit=""),
}
