"""Logits processors: each a small function on float32 logits, `[V]` or `[B, V]`.

Each writes into the array that it is given and returns it; what it takes away becomes -inf. Where the field's
libraries differ, the rule is that of Hugging Face's transformers, which most people compare with: temperature
comes first, then top-k, top-p and min-p, each on what the one before has left; the word that crosses `top_p` is
kept; penalties look at the prompt and at the text so far. One rule is stricter: `top_k` keeps k words and no more,
among equals those of lower id, so that `top_k` of 1 is greedy (transformers keeps all equals).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
Ids = NDArray[np.intp]
Weights = NDArray[np.float64]

# 1 / this still leaves room in float32 for logits of 10 ** 8.
_SMALLEST_TEMPERATURE = 1e-30
_SMALLEST_PENALTY, _LARGEST_PENALTY = 1e-30, 1e30
# Where maxima of so many logits each are taken, few logits are left that reach the k-th largest maximum.
_BLOCK = 32
# How many of the most probable words are looked at first for a nucleus, and how many times more at each turn.
_NUCLEUS, _WIDER = 64, 8


def temperature(logits: Logits, value: float) -> Logits:
    """Divide by the temperature (above 0), after the largest has become 0: Ackley, Hinton & Sejnowski 1985."""
    best = logits.max(-1, keepdims=True)
    best[np.isneginf(best)] = 0
    np.subtract(logits, best, out=logits)
    return np.divide(logits, np.float32(max(value, _SMALLEST_TEMPERATURE)), out=logits)


def top_k(logits: Logits, k: int) -> Logits:
    """Keep the k largest: Fan et al. 2018."""
    for row in _rows(logits):
        _keep(row, top_k_ids(row, k))
    return logits


def top_p(logits: Logits, p: float) -> Logits:
    """Keep the fewest whose probabilities reach the sum p, the one that crosses it included: Holtzman et al. 2020."""
    if p < 1:
        for row in _rows(logits):
            _keep(row, nucleus(weights(row), p))
    return logits


def min_p(logits: Logits, p: float) -> Logits:
    """Keep those at least p times as probable as the most probable one: Nguyen et al. 2024."""
    for row in _rows(logits):
        _keep(row, np.flatnonzero(weights(row) >= p))
    return logits


def repetition_penalty(logits: Logits, history: Any, penalty: float) -> Logits:
    """Divide logits above 0 of ids said before by the penalty, multiply those below: Keskar et al. 2019 (CTRL).

    `history` is the ids of prompt and text, `[L]`; for logits `[B, V]` one such for each row.
    """
    factor = np.float32(min(max(penalty, _SMALLEST_PENALTY), _LARGEST_PENALTY))
    for row, ids in zip(_rows(logits), _histories(logits, history), strict=True):
        values = row[ids]  # an id that comes twice is read twice and written twice, with the same value
        row[ids] = np.where(values > 0, values / factor, values * factor)
    return logits


def no_repeat_ngram(logits: Logits, history: Any, n: int) -> Logits:
    """Deny what would complete n ids that stand in the history already: Paulus et al. 2017.

    `history` is the ids of prompt and text, `[L]`; for logits `[B, V]` one such for each row.
    """
    for row, ids in zip(_rows(logits), _histories(logits, history), strict=True):
        row[_completing(ids, n)] = -np.inf
    return logits


def deny(logits: Logits, ids: Sequence[int] | Ids) -> Logits:
    """Take the ids away."""
    logits[..., np.asarray(ids, np.intp)] = -np.inf
    return logits


def allow(logits: Logits, ids: Sequence[int] | Ids) -> Logits:
    """Take all but the ids away."""
    for row in _rows(logits):
        _keep(row, np.asarray(ids, np.intp))
    return logits


def weights(logits: Logits, temperature: float = 1.0) -> Weights:
    """Probabilities over the largest of them, float64, of `[V]` at a temperature; zeros where all are -inf."""
    # The calls that cost least: this is done for every word that is drawn.
    best = logits.item(logits.argmax())
    if best == -math.inf:
        return np.zeros(len(logits))
    powers = logits.astype(np.float64)
    powers -= best
    if temperature != 1:
        powers /= max(temperature, _SMALLEST_TEMPERATURE)
    return np.exp(powers, out=powers)


def top_k_ids(values: NDArray[Any], k: int) -> Ids:
    """The ids of the k largest of `[V]`, ascending; among equals those of lower id. Never sorts the whole."""
    if k >= len(values):
        return np.arange(len(values))
    ids: Ids = (values >= _reached_by(values, k)).nonzero()[0]
    if len(ids) > k:
        found = values[ids]
        smallest = _kth_largest(found.copy(), k)
        ids = ids[found >= smallest]
    if len(ids) > k:
        ids = np.delete(ids, np.flatnonzero(values[ids] == smallest)[k - len(ids) :])
    return ids


def _reached_by(values: NDArray[Any], k: int) -> Any:
    """A value that at least k of `[V]` reach and that is close to the k-th largest, or is it.

    Each maximum of a block is one of them, so k at least reach the k-th largest maximum. Maxima go through memory
    once; a partition of the whole takes ten times as long where numpy has no vectorized one.
    """
    size = len(values) // _BLOCK
    if size >= 2 * k:
        return _kth_largest(np.maximum.reduce(values[: size * _BLOCK].reshape(_BLOCK, size)), k)
    return _kth_largest(values.copy(), k)


def _kth_largest(values: NDArray[Any], k: int) -> Any:
    """Of `[N]`, whose order is lost."""
    place = len(values) - k
    values.partition(place)
    return values[place]


def nucleus(weights: Weights, p: float) -> Ids:
    """The ids, ascending, of the fewest of `[V]` whose weights reach the share p of their sum.

    Sorts the largest ones alone, a few at first and more where they do not reach it.
    """
    wanted = p * weights.sum()
    for count in _growing(len(weights)):
        reached = np.cumsum(np.sort(weights[top_k_ids(weights, count)])[::-1])
        if reached[-1] >= wanted:
            return top_k_ids(weights, int(reached.searchsorted(wanted)) + 1)
    return np.arange(len(weights))  # where p is so near to 1 that rounding decides


def _growing(size: int) -> Iterator[int]:
    """How many of the most probable words are looked at for a nucleus, turn by turn."""
    count = _NUCLEUS
    while count < size:
        yield count
        count *= _WIDER
    yield size


def _completing(ids: Ids, n: int) -> Ids:
    """The ids that followed each earlier occurrence of the last n - 1."""
    places = len(ids) - n + 1
    if places < 1:
        return ids[:0]
    same = np.ones(places, bool)
    for offset in range(n - 1):
        same &= ids[offset : offset + places] == ids[places + offset]
    return ids[n - 1 :][same]


def _rows(logits: Logits) -> Logits:
    return logits if logits.ndim > 1 else logits[None]


def _histories(logits: Logits, history: Any) -> list[Ids]:
    return [np.asarray(ids, np.intp) for ids in ([history] if logits.ndim == 1 else history)]


def _keep(row: Logits, ids: Ids) -> None:
    kept = row[ids]
    row.fill(-np.inf)
    row[ids] = kept
