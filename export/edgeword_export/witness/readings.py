"""How a loop may read its texts, where its tokenizer's file does not say: a table of tokenizers."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

from edgeword.bundle.manifest import Answer
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.tokenizer_files.vocabularies import PADDING


def readings(tokenizer: Tokenizer, answers: Iterable[Answer]) -> Iterator[Tokenizer]:
    """The tokenizer, then as loops have it that look words up in a dict: nothing filtered, unknown words read as 0."""
    base = _with_named_zero(tokenizer, answers)
    filters = dict.fromkeys((base.filters, ""))
    unknown = (None, 0) if base.oov_id is None else (base.oov_id,)
    for marks, oov_id in itertools.product(filters, unknown):
        yield dataclasses.replace(base, filters=marks, oov_id=oov_id)


def _with_named_zero(tokenizer: Tokenizer, answers: Iterable[Answer]) -> Tokenizer:
    """Padding has a word where an answer holds it."""
    if tokenizer.zero is not None or tokenizer.level == "char":
        return tokenizer
    said = {word for answer in answers for word in answer.text.split()}
    name = next((name for name in PADDING if name in said and tokenizer.id(name) in (None, tokenizer.oov_id)), None)
    return tokenizer if name is None else dataclasses.replace(tokenizer, zero=name)


def difference(told: Tokenizer, read: Tokenizer) -> str:
    """What a loop does that its tokenizer's file does not say, in words; empty where nothing."""
    unknown = ", unknown words read as id 0" if read.oov_id == 0 and told.oov_id is None else ""
    marks = ", punctuation kept" if read.filters != told.filters else ""
    return unknown + marks
