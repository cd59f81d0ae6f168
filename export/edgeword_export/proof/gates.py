"""The gates: what a variant must be to be shipped."""

from __future__ import annotations

import numpy as np

from edgeword.bundle.manifest import Fidelity
from edgeword.precisions import FLOAT32_ROUNDING_PERCENT, PRECISIONS


def gate_failure(precision: str, fidelity: Fidelity, max_increase: float | None = None) -> str | None:
    """Why a variant must not be shipped, or None; `max_increase` in percent moves its gate for perplexity."""
    gate = PRECISIONS[precision]
    if not np.isfinite([fidelity.perplexity, fidelity.max_logprob_difference]).all():
        return "it answers NaN or infinity"
    if precision == "float32" and not fidelity.same_greedy_words:
        return f"its greedy words are not the Keras model's (top-1 agreement {fidelity.top1_agreement:.2%})"
    if gate.max_logprob_difference is not None and fidelity.max_logprob_difference > gate.max_logprob_difference:
        return (
            f"its log-probabilities are off by up to {fidelity.max_logprob_difference:.2g} nats, and at most "
            f"{gate.max_logprob_difference:g} is allowed"
        )
    rise = max(gate.max_perplexity_increase if max_increase is None else max_increase, FLOAT32_ROUNDING_PERCENT)
    # Who allows a larger rise than the gate's fall allows as large a fall.
    fall = max(gate.max_perplexity_fall, FLOAT32_ROUNDING_PERCENT, max_increase or 0)
    if fidelity.perplexity_increase > rise:
        return f"its perplexity is {fidelity.perplexity_increase:+.2f} %, and at most {rise:g} % is allowed"
    if fidelity.perplexity_increase < -fall:
        return f"its perplexity is {fidelity.perplexity_increase:+.2f} %, and a fall of at most {fall:g} % is allowed"
    return None
