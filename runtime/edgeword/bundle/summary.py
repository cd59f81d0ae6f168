"""A bundle in words: its variants beside the Keras model."""

from __future__ import annotations

from collections.abc import Sequence

from edgeword.bundle.manifest import Variant
from edgeword.tables import aligned

_HEADER = ("format", "precision", "size", "top-1", "perplexity", "change", "difference")


def fidelity_table(variants: Sequence[Variant]) -> list[str]:
    """Each variant beside the Keras model, as aligned lines of text, and on which engines that was measured."""
    return [*aligned(fidelity_rows(variants)), verified_line(variants)]


def fidelity_rows(variants: Sequence[Variant]) -> list[tuple[str, ...]]:
    """The cells of that table, its header first."""
    return [_HEADER, *map(_row, variants)]


def verified_line(variants: Sequence[Variant]) -> str:
    """Where the figures were measured: `verified on ai-edge-litert 2.3.0 (tflite), onnxruntime 1.31.1 (onnx)`."""
    found = dict.fromkeys((version, variant.format) for variant in variants for version in variant.verified)
    return f"verified on {', '.join(f'{version} ({file_format})' for version, file_format in found)}"


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
    )
