"""The gates: what a variant must be to be shipped."""

from __future__ import annotations

import numpy as np

from edgeword.bundle.manifest import Fidelity
from edgeword.precisions import FLOAT32_ROUNDING_PERCENT, PRECISIONS


def gate_failure(precision: str, fidelity: Fidelity, max_increase: float | None = None) -> str | None:
    """Why a variant must not be shipped, or None; `max_increase` in percent moves its gate."""
    if not np.isfinite([fidelity.perplexity, fidelity.max_logprob_difference]).all():
        return "it answers NaN or infinity"
    if precision == "float32" and not fidelity.same_greedy_words:
        return f"its greedy words are not the Keras model's (top-1 agreement {fidelity.top1_agreement:.2%})"
    gate = max(PRECISIONS[precision].max_perplexity_increase, FLOAT32_ROUNDING_PERCENT)
    limit = gate if max_increase is None else max_increase
    if fidelity.perplexity_increase > limit:
        return f"its perplexity is {fidelity.perplexity_increase:+.2f} %, and at most {limit:g} % is allowed"
    return None
