"""Whether a model passes padding by: whether each of its recurrent layers is told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from edgeword_export.errors import NotSteppableError
from edgeword_export.graphs.answer import Answer
from edgeword_export.graphs.operations import described
from edgeword_export.graphs.substitution import Substitute, any_length, calls_of, substituted
from edgeword_export.graphs.time_steps import TimeSteps
from edgeword_export.source.keras_model import NextWordModel

# Masks are made of ids; so many of them are tried, spread over the vocabulary.
_MOST_IDS = 4096
_ROW = 16

Mask = NDArray[np.bool_] | None


def passes_by(source: NextWordModel, steps: TimeSteps, padding: int) -> bool:
    """Whether every recurrent layer passes by exactly the token `padding`; False where none passes any by.

    Raises NotSteppableError for anything between the two: skipping a token would then not be what Keras does.
    """
    ids = _some_ids(source.vocabulary, padding, source.length or _ROW)
    passing = set()
    for layer, mask in _masks(source, steps, ids):
        if mask is None or mask.all():
            passing.add(False)
        elif np.array_equal(mask, ids != padding):
            passing.add(True)
        else:
            raise NotSteppableError(f"{described(layer)} passes by other tokens than padding")
        if len(passing) > 1:
            raise NotSteppableError(f"padding is masked for some recurrent layers, and not for all: {described(layer)}")
    return passing == {True}


def _masks(source: NextWordModel, steps: TimeSteps, ids: NDArray[np.int32]) -> list[tuple[Any, Mask]]:
    """Each recurrent layer's mask, call by call, as Keras hands it on. No layer computes anything for it."""
    found: list[tuple[Any, Mask]] = []
    if not steps.recurrences:
        return found

    def silent(layer: keras.layers.RNN) -> Callable[..., Any]:
        def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:  # noqa: ARG001
            found.append((layer, None if mask is None else np.asarray(mask, bool)))
            rows, length = sequences.shape[:2]
            shape = (rows, length) if layer.return_sequences else (rows,)
            states = layer.get_initial_state(batch_size=rows)
            output = ops.zeros((*shape, *_output_size(layer, states)))
            return (output, *states) if layer.return_state else output

        return call

    layers = {id(each.layer): each.layer for each in steps.recurrences}.values()
    substitutes = [*any_length(source.model), *calls_of(layers, silent), *_unread(source)]
    with substituted(substitutes):
        source.model(ops.convert_to_tensor(ids), training=False)
    return found


def _unread(source: NextWordModel) -> list[Substitute]:
    """The vocabulary projection left out: nothing reads it here, and it is the most of the work."""
    final = Answer(source).final
    return [] if final is None else [Substitute(final, "call", lambda *inputs, **_options: inputs[0])]


def _output_size(layer: keras.layers.RNN, states: Any) -> tuple[int, ...]:
    size = getattr(layer.cell, "output_size", None)
    return (int(size),) if isinstance(size, int) else tuple(keras.tree.flatten(states)[0].shape[1:])


def _some_ids(vocabulary: int, padding: int, length: int) -> NDArray[np.int32]:
    """Windows `[N, L]` of ids from the whole vocabulary, padding among them."""
    spread = np.linspace(0, vocabulary - 1, min(vocabulary, _MOST_IDS)).astype(np.int32)
    ids = np.concatenate([[padding], spread]).astype(np.int32)
    return np.resize(ids, (-(-len(ids) // length), length))
