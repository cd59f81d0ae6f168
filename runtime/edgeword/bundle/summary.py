"""A bundle in words: its variants beside the Keras model."""

from __future__ import annotations

from collections.abc import Sequence

from edgeword.bundle.manifest import Variant
from edgeword.tables import aligned

_HEADER = ("format", "precision", "size", "top-1", "perplexity", "change", "largest difference", "verified on")


def fidelity_table(variants: Sequence[Variant]) -> list[str]:
    """Each variant beside the Keras model, as aligned lines of text."""
    return aligned([_HEADER, *(_row(variant) for variant in variants)])


def _row(variant: Variant) -> tuple[str, ...]:
    fidelity = variant.fidelity
    return (
        variant.format,
        variant.precision,
        f"{variant.size / 1e6:.2f} MB",
        f"{fidelity.top1_agreement:.1%}",
        f"{fidelity.perplexity:.2f}",
        f"{fidelity.perplexity_increase:+.3f} %",
        f"{fidelity.max_logprob_difference:.1e}",
        ", ".join(variant.verified),
    )
