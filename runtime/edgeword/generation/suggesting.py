"""Suggestions: the most probable next words, or the ends of a word that was begun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword.generation.permitted import Permitted
from edgeword.generation.picking import Pick, log_sum_exp
from edgeword.generation.processors import top_k_ids
from edgeword.generation.vocabulary import Vocabulary


def suggestions(
    logits: NDArray[np.float32],
    k: int,
    vocabulary: Vocabulary,
    permitted: Permitted,
    *,
    prefix: str = "",
    context: Sequence[int] = (),
) -> list[Pick]:
    """The k most probable words after logits `[V]`, of those that begin with `prefix`, most probable first.

    Each with the model's own natural log-probability; words of probability 0 are left out. `context` is the ids
    before, for denied phrases. With a prefix only the words that begin with it are looked at.
    """
    normalizer = log_sum_exp(logits)
    ids = permitted.ids if prefix == "" else _beginning_with(prefix, vocabulary, permitted)
    for last in permitted.completing(context):
        ids = ids[ids != last]
    values = logits[ids]
    best = top_k_ids(values, k)
    ranked = best[np.argsort(-values[best], kind="stable")]
    return [(ids.item(i), values.item(i) - normalizer) for i in ranked.tolist() if values.item(i) > -np.inf]


def _beginning_with(prefix: str, vocabulary: Vocabulary, permitted: Permitted) -> NDArray[Any]:
    ids = vocabulary.beginning_with(vocabulary.spelled(prefix))
    return ids[permitted.mask[ids]]


def completed(typed: str, spelled: str, word: str) -> str:
    """A word as it continues what was typed, of which `spelled` is the beginning in the tokenizer's case.

    Letters that were typed stay as they are; the rest is the vocabulary's, or in capitals where two letters or
    more were typed and all are capitals: "me", "Me" and "ME" become "memory", "Memory" and "MEMORY".
    """
    rest = word[len(spelled) :]
    capitals = typed != spelled and len(typed) > 1 and typed.isupper()
    return typed + (rest.upper() if capitals else rest)
