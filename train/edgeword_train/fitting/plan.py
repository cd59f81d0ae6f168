"""What is to be trained, said before it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Bytes a parameter: the matrices of the four-bit precision have scales beside them.
BYTES: Mapping[str, float] = {"float32": 4, "float16": 2, "dynamic-int8": 1, "int4": 0.6}


@dataclass(frozen=True)
class Plan:
    """The figures of a training that is about to begin."""

    words: int
    """Targets of an epoch."""
    held_out: int
    """Targets that are measured on after each epoch, and never trained on."""
    vocabulary: int
    oov_rate: float
    """Share of the tokens that the vocabulary lacks, 0 to 1."""
    parameters: int
    rows: int
    length: int


def unannounced(plan: Plan) -> None:
    """Say nothing."""


def format_plan(plan: Plan) -> str:
    """Three lines."""
    sizes = ", ".join(f"{name} {_size(plan.parameters * each)}" for name, each in BYTES.items())
    text = f"{plan.words:,} words an epoch, {plan.held_out:,} held out"
    vocabulary = f"vocabulary {plan.vocabulary:,}, {plan.oov_rate:.1%} of the words are not in it"
    lines = (
        f"text: {text}; {vocabulary}",
        f"model: {plan.parameters:,} parameters; expected sizes: {sizes}",
        f"steps: {plan.rows} streams, {plan.length} tokens at a time",
    )
    return "\n".join(lines)


def _size(size_bytes: float) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"
