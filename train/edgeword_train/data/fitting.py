"""A tokenizer fitted to a corpus, of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.text import TextTokenizer
from edgeword.tokenizers.tokenizer import Tokenizer
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


FITS: dict[str, Fit] = {"text": fit_text, "word": fit_words, "char": fit_characters}


def fit_tokenizer(lines: Iterable[str], tokens: str, vocab_size: int | None) -> AnyTokenizer:
    """The tokenizer of a kind; raises TokenizerError."""
    return FITS[tokens](lines, vocab_size)
