"""The text that variants are measured on: held out, given, or sampled from the model where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeword.errors import UsageError
from edgeword.tokenizers.kinds import AnyTokenizer

After = Callable[[list[list[int]]], NDArray[np.float32]]

MAX_POSITIONS = 2000
PROMPTS = 20
# A sequence of two tokens or more may leave its last one over: with twice as many tokens no position is missed.
_MOST_TOKENS = 2 * MAX_POSITIONS
_CALIBRATION_TOKENS = 300

# The reference holds one row of V float32 for each position: 40 million are 160 MB.
_MAX_LOGITS = 40_000_000


@dataclass(frozen=True)
class Evaluation:
    """Token sequences of at least two tokens each, and where they come from."""

    source: str
    sequences: tuple[tuple[int, ...], ...]

    @property
    def tokens(self) -> int:
        """How many tokens there are."""
        return sum(len(sequence) for sequence in self.sequences)

    def calibration_texts(self) -> list[tuple[int, ...]]:
        """Some hundred tokens, from the end of the text."""
        texts: list[tuple[int, ...]] = []
        for sequence in reversed(self.sequences):
            texts.append(sequence)
            if sum(map(len, texts)) >= _CALIBRATION_TOKENS:
                break
        return texts

    def prompts(self) -> list[tuple[int, ...]]:
        """The beginnings of some sequences, one to eight tokens each."""
        return [sequence[: 1 + number % 8] for number, sequence in enumerate(self.sequences[:PROMPTS])]


def evaluation_of(source: str, sequences: Sequence[Sequence[int]], vocabulary: int, longest: int) -> Evaluation:
    """At most as many positions as the reference can hold, in pieces of at most `longest` tokens."""
    budget = max(50, min(MAX_POSITIONS, _MAX_LOGITS // vocabulary))
    pieces: list[tuple[int, ...]] = []
    for sequence in sequences:
        for start in range(0, len(sequence), longest):
            piece = tuple(sequence[start : start + min(longest, budget)])
            if len(piece) > 1:
                pieces.append(piece)
                budget -= len(piece)
            if budget < 2:
                return Evaluation(source, tuple(pieces))
    return Evaluation(source, tuple(pieces))


def encoded(texts: Iterable[str], tokenizer: AnyTokenizer) -> list[list[int]]:
    """The token sequences of texts, as far as any are measured; raises UsageError where too few words are known."""
    sequences: list[list[int]] = []
    left = _MOST_TOKENS
    for ids in (ids for ids in map(tokenizer.encode, texts) if len(ids) > 1):
        sequences.append(ids)
        left -= len(ids)
        if left <= 0:
            break
    if not sequences:
        raise UsageError("--eval holds no line with two words of the tokenizer's vocabulary; give another text")
    return sequences


def sampled(after: After, words: int, tokenizer_ids: int, count: int = 40) -> list[list[int]]:
    """Sequences drawn from the Keras model's own distribution, from different first tokens; seeded.

    `after` gives its log-probabilities `[N, V]` after N contexts, as its owner reads it.
    """
    random = np.random.default_rng(0)
    ids = random.integers(1, tokenizer_ids, (count, 1))
    for _ in range(words - 1):
        logprobs = after(ids.tolist())[:, :tokenizer_ids].copy()
        logprobs[:, 0] = -np.inf
        gumbel = random.gumbel(size=logprobs.shape)  # argmax of logprobs + Gumbel noise is a sample
        ids = np.concatenate([ids, (logprobs + gumbel).argmax(-1)[:, None]], axis=1)
    return [[int(token) for token in row] for row in ids]
