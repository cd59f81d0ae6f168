"""The self-test: does this engine, on this machine, say what the exporter measured?

An engine may load a file and answer nonsense without an error, so a device asks each variant for a few
log-probabilities that stand in the manifest before it trusts it.
"""

from __future__ import annotations

import math

from edgeword.decoding import Decoder, logprob_of
from edgeword.manifest import SelfTest, Variant
from edgeword.precisions import PRECISIONS


def self_test_logprobs(decoder: Decoder, test: SelfTest) -> tuple[float, ...]:
    """The log-probability of each expected word, after the prompt and the expected words before it."""
    decoder.begin(test.prompt)
    found = []
    for token in test.ids:
        decoder.predict()
        found.append(logprob_of(decoder.logits(), token))
        decoder.push(token)
    return tuple(found)


def self_test_failure(decoder: Decoder, test: SelfTest, variant: Variant) -> str | None:
    """Why the variant must not be used here, or None."""
    tolerance = PRECISIONS[variant.precision].self_test_tolerance
    for number, (found, exported) in enumerate(zip(self_test_logprobs(decoder, test), variant.self_test, strict=True)):
        if not math.isfinite(found) or abs(found - exported) > tolerance:
            return f"self-test failed at word {number + 1}: log-probability {found:.4f}, exported with {exported:.4f}"
    return None
