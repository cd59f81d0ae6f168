"""Recurrent cells that Keras does not bring, as registered Keras cells.

Notation: x is the input `[B, E]`, h the output of the last step, c the cell state, σ the logistic function, ⊙ the
product element by element; W, U are matrices, p and b vectors. Each cell takes every option of `keras.layers.LSTMCell`
(dropout on inputs and on the recurrent connection among them) and keeps its weights under the same names.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensors = list[Any]


@keras.saving.register_keras_serializable("edgeword")
class PeepholeLSTMCell(keras.layers.LSTMCell):  # type: ignore[misc]
    """LSTM whose gates see the cell state (Gers and Schmidhuber 2000, "Recurrent nets that time and count").

    i = σ(W_i x + U_i h + p_i ⊙ c + b_i)
    f = σ(W_f x + U_f h + p_f ⊙ c + b_f)
    c' = f ⊙ c + i ⊙ tanh(W_c x + U_c h + b_c)
    o = σ(W_o x + U_o h + p_o ⊙ c' + b_o)
    h' = o ⊙ tanh(c')
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the LSTM's weights and the three peepholes `[3, U]`, in the order i, f, o."""
        build_kernels(self, input_shape, gates=4, recurrent=recurrent_width(self), forget_gate=1)
        self.peepholes = self.add_weight(shape=(3, self.units), name="peepholes", initializer="glorot_uniform")

    def call(self, inputs: Any, states: Tensors, training: bool = False) -> tuple[Any, Tensors]:
        """One step: `[B, E]`, `[h, c]` → `h'`, `[h', c']`."""
        cell_state = states[1]
        output, new_cell_state = self._gates(_gates_of(self, inputs, states[0], training), cell_state)
        return output, [output, new_cell_state]

    def _gates(self, weighted: Any, cell_state: Any) -> tuple[Any, Any]:
        """From the weighted sums `[B, 4U]` (i, f, c, o) and c to `o ⊙ tanh(c')` and `c'`."""
        into, forget, candidate, out = ops.split(weighted, 4, axis=1)
        into = self.recurrent_activation(into + self.peepholes[0] * cell_state)
        forget = self.recurrent_activation(forget + self.peepholes[1] * cell_state)
        new_cell_state = forget * cell_state + into * self.activation(candidate)
        out = self.recurrent_activation(out + self.peepholes[2] * new_cell_state)
        return out * self.activation(new_cell_state), new_cell_state


@keras.saving.register_keras_serializable("edgeword")
class CIFGLSTMCell(keras.layers.LSTMCell):  # type: ignore[misc]
    """LSTM with coupled input and forget gate (Greff et al. 2017, "LSTM: a search space odyssey", CIFG).

    f = σ(W_f x + U_f h + b_f)
    c' = f ⊙ c + (1 - f) ⊙ tanh(W_c x + U_c h + b_c)
    o = σ(W_o x + U_o h + b_o)
    h' = o ⊙ tanh(c')

    A quarter fewer weights and multiplications than the LSTM.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights of three gates: kernels `[E, 3U]` and `[U, 3U]`, bias `[3U]`, in the order f, c, o."""
        build_kernels(self, input_shape, gates=3, recurrent=recurrent_width(self), forget_gate=0)

    def call(self, inputs: Any, states: Tensors, training: bool = False) -> tuple[Any, Tensors]:
        """One step: `[B, E]`, `[h, c]` → `h'`, `[h', c']`."""
        forget, candidate, out = ops.split(_gates_of(self, inputs, states[0], training), 3, axis=1)
        forget = self.recurrent_activation(forget)
        cell_state = forget * states[1] + (1 - forget) * self.activation(candidate)
        output = self.recurrent_activation(out) * self.activation(cell_state)
        return output, [output, cell_state]


def recurrent_width(cell: Any) -> int:
    """How many numbers the gates read of the last step: the units, or the width of a projection."""
    return int(getattr(cell, "recurrent_width", cell.units))


def _gates_of(cell: Any, inputs: Any, recurrent: Any, training: bool) -> Any:
    read, repeated = weighted(cell, inputs, recurrent, training)
    return read + repeated


def weighted(cell: Any, inputs: Any, recurrent: Any, training: bool) -> tuple[Any, Any]:
    """W x + b and U h of all gates at once, with the cell's dropout masks, one for the whole sequence."""
    if training and cell.dropout > 0:
        inputs = inputs * _mask(cell.get_dropout_mask(inputs))
    if training and cell.recurrent_dropout > 0:
        recurrent = recurrent * _mask(cell.get_recurrent_dropout_mask(recurrent))
    read = ops.matmul(inputs, cell.kernel)
    return read + cell.bias if cell.use_bias else read, ops.matmul(recurrent, cell.recurrent_kernel)


def _mask(masks: Any) -> Any:
    """Keras keeps one mask a gate where recurrent dropout is on; these cells use one for all gates."""
    return masks[0] if isinstance(masks, (list, tuple)) else masks


def build_kernels(
    cell: Any, input_shape: tuple[int | None, ...], *, gates: int, recurrent: int, forget_gate: int | None
) -> None:
    """Create the kernels `[E, gates · U]` and `[recurrent, gates · U]`, and the bias."""

    def weight(name: str, shape: tuple[int | None, ...], initializer: Any) -> Any:
        return cell.add_weight(
            shape=shape,
            name=name,
            initializer=initializer,
            regularizer=getattr(cell, f"{name}_regularizer", cell.recurrent_regularizer),
            constraint=getattr(cell, f"{name}_constraint", cell.recurrent_constraint),
        )

    width = gates * cell.units
    cell.kernel = weight("kernel", (input_shape[-1], width), cell.kernel_initializer)
    cell.recurrent_kernel = weight("recurrent_kernel", (recurrent, width), cell.recurrent_initializer)
    cell.bias = weight("bias", (width,), cell.bias_initializer) if cell.use_bias else None
    if cell.use_bias and getattr(cell, "unit_forget_bias", False):
        # A forget gate that begins open (Gers et al. 2000, Jozefowicz et al. 2015).
        start = ops.concatenate([ops.full((cell.units,), float(gate == forget_gate)) for gate in range(gates)])
        cell.bias.assign(start)
    cell.built = True
