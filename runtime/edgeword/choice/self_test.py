"""The self-test: does this engine, on this machine, say what the exporter measured?

An engine may load a file and answer nonsense without an error, so a device asks each variant for a few
log-probabilities that stand in the manifest before it trusts it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from edgeword.bundle.manifest import SelfTest, Variant
from edgeword.decoding.decoder import Decoder, Prediction
from edgeword.errors import BundleError
from edgeword.generation.loop import logits_along
from edgeword.precisions import PRECISIONS
from edgeword.probabilities import Array, logprob_of


def self_test_logprobs(decoder: Decoder, test: SelfTest) -> tuple[float, ...]:
    """The log-probability of each expected word, after the prompt and the expected words before it."""
    return tuple(logprob_of(logits, token) for token, logits, _ in _answers(decoder, test))


def self_test_failure(decoder: Decoder, test: SelfTest, variant: Variant) -> str | None:
    """Why the variant must not be used here, or None; raises BundleError for a manifest that cannot tell."""
    if not test.ids or len(variant.self_test) != len(test.ids):
        raise BundleError(
            f"the manifest has {len(variant.self_test)} log-probabilities of {variant.file} for the "
            f"{len(test.ids)} words of its self-test; export the bundle again"
        )
    tolerance = PRECISIONS[variant.precision].self_test_tolerance
    expected = zip(variant.self_test, _answers(decoder, test), strict=True)
    for number, (exported, (token, logits, prediction)) in enumerate(expected, start=1):
        with np.errstate(all="ignore"):  # of a file that answers infinity, the answer is enough
            found, greedy = logprob_of(logits, token), logprob_of(logits, int(logits.argmax()))
        if not _near(found, exported, tolerance):
            return f"self-test failed at word {number}: log-probability {found:.4f}, exported with {exported:.4f}"
        if not _near(prediction[1], greedy, tolerance) or not _is_greedy(prediction[0], logits, tolerance):
            return f"self-test failed at word {number}: its prediction is not the greedy word of its logits"
    return None


def _answers(decoder: Decoder, test: SelfTest) -> Iterator[tuple[int, Array, Prediction]]:
    """Each expected word, the logits before it, and the greedy word that the graph itself names there."""
    decoder.begin(test.prompt)
    for token, logits in zip(test.ids, logits_along(decoder, test.ids), strict=True):
        yield token, logits, decoder.greedy()


def _near(found: float, expected: float, tolerance: float) -> bool:
    return math.isfinite(found) and abs(found - expected) <= tolerance


def _is_greedy(token: int, logits: Array, tolerance: float) -> bool:
    """Whether a token is the most probable one, or as good as that."""
    return 0 <= token < len(logits) and bool(logits[token] >= logits.max() - tolerance)
