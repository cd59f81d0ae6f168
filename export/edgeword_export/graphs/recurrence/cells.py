"""Recurrent layers without Keras' loop: their cell, called for one time step, for each, or in a loop that counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

Call = Callable[..., Any]
_Run = Callable[[Any, Any, Any, Any], tuple[Any, Any]]
"""Rows `[B, L, E]`, which of them count `[B, L]`, the output before them, the states → the answer, the states."""

# Each turn of a loop moves all the outputs that there are; each position that a turn takes is a cell more in the file.
_POSITIONS_A_TURN = (4, 3, 2, 1)


def cell_called(layer: keras.layers.RNN, inputs: Any, states: Any) -> tuple[Any, Any]:
    """The layer's cell on `[B, E]`: its output `[B, U]` and the new states, in the structure of `states`."""
    settings = {"training": False} if getattr(layer.cell, "_call_has_training_arg", False) else {}
    output, new_states = layer.cell(inputs, states, **settings)
    return output, _packed(states, new_states)


def unrolled(layer: keras.layers.RNN) -> Call:
    """A call of the layer on `[B, L, E]`, its cell written once for each position."""

    def run(rows: Any, marks: Any, output: Any, states: Any) -> tuple[Any, Any]:
        outputs, states = _one_after_another(layer, rows, marks, output, states)
        return (ops.stack(outputs, axis=1) if layer.return_sequences else outputs[-1]), states

    return _called(layer, run)


def looped(layer: keras.layers.RNN) -> Call:
    """A call of the layer on `[B, L, E]`, in a loop that counts from 0 to a constant, and knows no other end."""

    def run(rows: Any, marks: Any, output: Any, states: Any) -> tuple[Any, Any]:
        taken = next(n for n in _POSITIONS_A_TURN if rows.shape[1] % n == 0) if layer.return_sequences else 1
        turns = rows.shape[1] // taken
        rows_of, marks_of = _in_turns(rows, turns), _in_turns(marks, turns)

        def body(turn: Any, output: Any, flat: Any, written: Any) -> Any:
            outputs, new = _one_after_another(layer, rows_of(turn), marks_of(turn), output, _packed(states, flat))
            # TFLite has no cheaper way to write a row: all are moved on.
            written = [tf.concat([each[:, taken:], ops.stack(outputs, axis=1)], axis=1) for each in written]
            return turn + 1, outputs[-1], keras.tree.flatten(new), written

        # Whatever it is filled with at first is moved out; a constant would stand in the file.
        filled = tf.tile(rows[:, :1, :1], (1, rows.shape[1], output.shape[-1]))
        flat = [_for_each(row, rows) for row in (output, *keras.tree.flatten(states))]
        start = (tf.constant(0), flat[0], flat[1:], [filled] if layer.return_sequences else [])
        _, output, flat, written = tf.while_loop(lambda turn, *_: turn < turns, body, start)
        return (written[0] if written else output), _packed(states, flat)

    return _called(layer, run)


def _called(layer: keras.layers.RNN, run: _Run) -> Call:
    """A call of the layer as Keras calls it."""

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:  # noqa: ARG001
        states = layer.get_initial_state(batch_size=1)
        if initial_state is not None:
            states = _packed(states, initial_state)
        if layer.go_backwards:
            sequences, mask = sequences[:, ::-1], None if mask is None else mask[:, ::-1]
        # What is masked before anything was said is answered by zeros.
        nothing = _zeros(cell_called(layer, sequences[:, 0], states)[0])
        answer, states = run(sequences, mask, nothing, states)
        return (answer, *states) if layer.return_state else answer

    return call


def _one_after_another(layer: keras.layers.RNN, rows: Any, marks: Any, output: Any, states: Any) -> tuple[Any, Any]:
    """The outputs `[B, U]` at each of a few positions `[B, n, E]`, and the states after them.

    Keras' own `unroll` zeroes other positions than its loop does where a masked text is read backwards.
    """
    outputs = []
    for position, row in enumerate(ops.unstack(rows, axis=1)):
        new_output, new_states = cell_called(layer, row, states)
        if marks is not None:
            counts = marks[:, position : position + 1]
            before = _zeros(output) if layer.zero_output_for_mask else output
            new_output = ops.where(counts, new_output, before)
            new_states = _chosen(counts, new_states, states)
        output, states = new_output, new_states
        outputs.append(output)
    return outputs, states


def _chosen(counts: Any, new: Any, old: Any) -> Any:
    return keras.tree.map_structure(lambda *pair: ops.where(counts, *pair), new, old)


def _zeros(output: Any) -> Any:
    """One row of zeros for all: zeros like the output would ask for its shape in each run."""
    return ops.zeros((1, *output.shape[1:]), output.dtype)


def _for_each(row: Any, sequences: Any) -> Any:
    """One row of a loop's start as one for each text; without its number, which would be asked for in each run."""
    return row if sequences.shape[0] == row.shape[0] else row + 0 * sequences[:, 0, :1]


def _in_turns(sequence: Any, turns: int) -> Callable[[Any], Any]:
    """Of `[B, L, …]` what each turn takes, `[B, L / turns, …]`."""
    if sequence is None:
        return lambda _turn: None
    _, length, *features = sequence.shape
    parts = tf.reshape(sequence, (-1, turns, length // turns, *features))
    return lambda turn: tf.gather(parts, turn, axis=1)


def _packed(structure: Any, states: Any) -> Any:
    return keras.tree.pack_sequence_as(structure, keras.tree.flatten(states))
