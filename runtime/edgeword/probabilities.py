"""Logits and log-probabilities, in natural logarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def log_softmax(logits: Array) -> Array:
    """Log-probabilities from logits along their last axis, shifted by the largest."""
    shifted = logits - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def logprob_of(logits: Array, token: int) -> float:
    """Log-probability of one token under logits `[V]`."""
    return float(log_softmax(logits)[token])


def perplexity(logprobs: Sequence[float] | Array) -> float:
    """Exp of the mean negative log-probability; nan where there is none."""
    return float(np.exp(-np.mean(logprobs))) if len(logprobs) else math.nan
