"""Whether a model reads several texts at once as it reads each alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from edgeword_export.graphs.signature import PLAIN, TOKEN_INPUTS, Signature, Signatures, Style, Tensors

_ROWS = 3
_SAME_ARITHMETIC = 1e-3


def with_rows(signatures: Signatures, vocabulary: int) -> Signatures:
    """The graphs with a free first axis where their rows are apart, else with one row."""
    if _apart(signatures, vocabulary):
        return signatures
    return lambda style: signatures(alone(style))


def alone(style: Style) -> Style:
    """The style with one row."""
    return dataclasses.replace(style, free_rows=False)


def _apart(signatures: Signatures, vocabulary: int) -> bool:
    """Whether each row of random inputs is answered as it is alone; False where several cannot be read at all."""
    try:
        return all(_is_apart(signature, vocabulary) for signature in signatures(PLAIN))
    except Exception:  # each layer refuses in its own way, and what is refused here is read alone
        return False


def _is_apart(signature: Signature, vocabulary: int) -> bool:
    inputs, run = _random_inputs(signature, vocabulary), signature.traced()
    together = _outputs(run, inputs)
    singles = [_outputs(run, {name: value[row : row + 1] for name, value in inputs.items()}) for row in range(_ROWS)]
    return all(
        np.allclose(value, np.concatenate([single[name] for single in singles]), atol=_SAME_ARITHMETIC)
        for name, value in together.items()
    )


def _random_inputs(signature: Signature, vocabulary: int) -> Tensors:
    random = np.random.default_rng(0)
    shapes = {name: (_ROWS, *spec.shape[1:]) for name, spec in signature.inputs.items()}
    return {
        name: random.integers(0, vocabulary, shape, np.int32)
        if name in TOKEN_INPUTS
        else random.normal(size=shape).astype(np.float32)
        for name, shape in shapes.items()
    }


def _outputs(run: Any, inputs: Tensors) -> Tensors:
    return {name: np.asarray(value) for name, value in run(*inputs.values()).items()}
