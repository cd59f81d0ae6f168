"""A tokenizer fitted to a corpus, of each kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeword.errors import UsageError
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.scanning import UNKNOWN
from edgeword.tokenizers.subword import SubwordTokenizer, import_library
from edgeword.tokenizers.text import TextTokenizer
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_train.data.usual_forms import UsualForms

# Padding, the line's end, and each byte; and how many ids a vocabulary has that nobody gave a size.
LEAST_SUBWORDS, SUBWORDS = 258, 4096
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


def fit_subwords(lines: Iterable[str], vocab_size: int | None = None) -> SubwordTokenizer:
    """Of pieces of words, as many as `vocab_size` says; None takes 4096. UsageError for less than one for each byte."""
    ids = SUBWORDS if vocab_size is None else vocab_size
    if ids < LEAST_SUBWORDS:
        raise UsageError(
            f"vocab_size is {ids}; --tokens subword has an id for each byte: give {LEAST_SUBWORDS} or more"
        )
    library = import_library()
    made = library.Tokenizer(library.models.BPE())
    made.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = made.pre_tokenizer.alphabet()
    trainer = library.trainers.BpeTrainer(vocab_size=ids - 2, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(iter(lines), trainer)
    return SubwordTokenizer(json.loads(made.to_str()))


@dataclass(frozen=True)
class Kind:
    """How a kind of tokens is fitted."""

    fit: Fit
    unknown: str = " "
    """What stands for a word that is unknown in the corpus where the vocabulary is counted, of which it is no part."""


KINDS: dict[str, Kind] = {
    "text": Kind(fit_text, UNKNOWN),
    "word": Kind(fit_words),
    "subword": Kind(fit_subwords, ""),
    "char": Kind(fit_characters, ""),
}
