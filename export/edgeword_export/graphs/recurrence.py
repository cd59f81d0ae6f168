"""Recurrent layers without Keras' loop: their cell, called once or once for each position of a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def cell_called(layer: keras.layers.RNN, inputs: Any, states: Any) -> tuple[Any, Any]:
    """The layer's cell on `[1, E]`: its output `[1, U]` and the new states, in the structure of `states`."""
    settings = {"training": False} if getattr(layer.cell, "_call_has_training_arg", False) else {}
    output, new_states = layer.cell(inputs, states, **settings)
    return output, keras.tree.pack_sequence_as(states, keras.tree.flatten(new_states))


def unrolled(layer: keras.layers.RNN) -> Callable[..., Any]:
    """A call of the layer as Keras' loop runs it, cell after cell.

    Quantizers skip what is inside a loop, or break it. Keras' own `unroll` zeroes other positions than its loop does
    where a masked text is read backwards.
    """

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:  # noqa: ARG001
        structure = layer.get_initial_state(batch_size=1)
        states = structure if initial_state is None else _packed(structure, initial_state)
        outputs, output = [], None
        positions = range(sequences.shape[1])
        for position in reversed(positions) if layer.go_backwards else positions:
            new_output, new_states = cell_called(layer, sequences[:, position], states)
            if mask is not None:
                kept = mask[:, position : position + 1]
                # One row of zeros for all: zeros like the output would ask for its shape in each run.
                zeros = ops.zeros((1, *new_output.shape[1:]), new_output.dtype)
                before = zeros if output is None or layer.zero_output_for_mask else output
                new_output = ops.where(kept, new_output, before)
                new_states = keras.tree.map_structure(
                    lambda new, old, kept=kept: ops.where(kept, new, old), new_states, states
                )
            output, states = new_output, new_states
            outputs.append(output)
        answer = ops.stack(outputs, axis=1) if layer.return_sequences else output
        return (answer, *states) if layer.return_state else answer

    return call


def _packed(structure: Any, states: Any) -> Any:
    return keras.tree.pack_sequence_as(structure, keras.tree.flatten(states))
