"""Suggestions: the most probable next words, or the ends of a word that was begun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeword.generation.options import GenerationOptions
from edgeword.generation.picking import Pick, normalizer
from edgeword.generation.processors import top_k_ids
from edgeword.words.permitted import Permitted
from edgeword.words.vocabulary import Vocabulary

if TYPE_CHECKING:
    from edgeword.generation.stopping import Said


def permitted_by(vocabulary: Vocabulary, allow: Iterable[str] | None, deny: Iterable[str]) -> Permitted:
    """The words that may be suggested, of what a user gave; raises UsageError for what are no words."""
    if allow is None and deny == frozenset():
        return vocabulary.permitted()
    rules = GenerationOptions(allow=allow, deny=deny)  # type: ignore[arg-type]
    return vocabulary.permitted(rules.allow, rules.deny)


def suggestions(
    logits: NDArray[np.float32],
    greedy: Pick,
    k: int,
    vocabulary: Vocabulary,
    permitted: Permitted,
    *,
    prefix: str = "",
    context: Sequence[int] = (),
) -> list[Said]:
    """The k most probable words after logits `[V]`, of those that begin with `prefix`, most probable first.

    Each as (token, the model's own natural log-probability, the word as it continues the prefix); words of
    probability 0 are left out. With a prefix only the words that begin with it are looked at. `greedy` is the
    decoder's own most probable word there; `context` is the ids before, for denied phrases.
    """
    spelled = vocabulary.spelled(prefix)
    ids = permitted.ids
    if spelled:
        ids = vocabulary.beginning_with(spelled)
        ids = ids[permitted.mask[ids]]
    for last in permitted.completing(context):
        ids = ids[ids != last]
    values, whole = logits[ids], normalizer(logits, greedy)
    best = top_k_ids(values, k)

    def written(token: int) -> str:
        if spelled:
            return completed(prefix, spelled, vocabulary.words[token])
        return vocabulary.suggested(token, context)

    ranked = best[np.argsort(-values[best], kind="stable")].tolist()
    return [(ids.item(i), values.item(i) - whole, written(ids.item(i))) for i in ranked if values.item(i) > -np.inf]


def completed(typed: str, spelled: str, word: str) -> str:
    """A word as it continues what was typed, of which `spelled` is the beginning in the tokenizer's case.

    Small letters give the word in its usual form: "pa" becomes "Paris". Others stay as they were typed; the rest is
    the vocabulary's, or in capitals where two letters or more were typed and all are capitals: "Me" and "ME" become
    "Memory" and "MEMORY".
    """
    if typed == spelled:
        return word
    rest = word[len(spelled) :]
    capitals = len(typed) > 1 and typed.isupper()
    return typed + (rest.upper() if capitals else rest)
