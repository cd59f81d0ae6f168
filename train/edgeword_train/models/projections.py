"""Cells with a recurrent projection (Sak, Senior and Beaufays 2014): the gates read P numbers where the cell keeps U.

Notation as in `models.cells`. Each cell computes its output m `[B, U]` from r `[B, P]` in the place of its last output,
and puts out r' = m W_r. The recurrent matrices, the next layer and the vocabulary projection see P numbers, so that a
wide cell fits a narrow table of words: the phone keyboards' model (Hard et al. 2018) is the CIFG cell of this kind.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from edgeword_train.models.cells import CIFGLSTMCell, PeepholeLSTMCell, Tensors, build_kernels, weighted


class _Projecting:
    """The projection, for a cell whose first state is its output: `[r, c]`, or `[r]`."""

    def __init__(self, units: int, projection: int, **options: Any) -> None:
        super().__init__(units, **options)  # type: ignore[call-arg]
        self.projection: int = projection
        self.output_size = projection
        self.recurrent_width = projection
        self.state_size: Any = [projection, units]

    def build(self: Any, input_shape: tuple[int | None, ...]) -> None:
        """Create the cell's weights, its recurrent kernel with P rows, and the projection `[U, P]`."""
        super().build(input_shape)  # type: ignore[misc]
        self.projection_kernel = self.add_weight(
            shape=(self.units, self.projection), name="projection_kernel", initializer=self.kernel_initializer
        )

    def call(self: Any, inputs: Any, states: Tensors, training: bool = False) -> tuple[Any, Tensors]:
        """One step: `[B, E]`, `[r, …]` → `r'`, `[r', …]`."""
        output, (_, *kept) = super().call(inputs, states, training=training)  # type: ignore[misc]
        projected = ops.matmul(output, self.projection_kernel)
        return projected, [projected, *kept]

    def get_initial_state(self: Any, batch_size: int | None = None) -> Tensors:
        """Zeros."""
        widths = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [ops.zeros((batch_size, width), dtype=self.compute_dtype) for width in widths]

    def get_config(self: Any) -> dict[str, Any]:
        """The cell's options and `projection`."""
        return {**super().get_config(), "projection": self.projection}  # type: ignore[misc]


@keras.saving.register_keras_serializable("edgeword")
class ProjectedLSTMCell(_Projecting, PeepholeLSTMCell):
    """LSTMP: peephole LSTM with a recurrent projection (Sak, Senior and Beaufays 2014, equations 7 to 13)."""


@keras.saving.register_keras_serializable("edgeword")
class ProjectedCIFGLSTMCell(_Projecting, CIFGLSTMCell):
    """CIFG with a recurrent projection (Hard et al. 2018, "Federated learning for mobile keyboard prediction")."""


class _LSTM(keras.layers.LSTMCell):  # type: ignore[misc]
    recurrent_width: int

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        build_kernels(self, input_shape, gates=4, recurrent=self.recurrent_width, forget_gate=1)


@keras.saving.register_keras_serializable("edgeword")
class ProjectedPlainLSTMCell(_Projecting, _LSTM):
    """Keras' LSTM, without peepholes, with a recurrent projection."""


class _GRU(keras.layers.GRUCell):  # type: ignore[misc]
    """GRU whose gates read r and which keeps h: state `[r, h]`.

    z = σ(W_z x + U_z r + b_z), g = σ(W_g x + U_g r + b_g)
    h' = z ⊙ h + (1 - z) ⊙ tanh(W_h x + b_h + g ⊙ (U_h r))
    """

    recurrent_width: int

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        build_kernels(self, input_shape, gates=3, recurrent=self.recurrent_width, forget_gate=None)

    def call(self, inputs: Any, states: Tensors, training: bool = False) -> tuple[Any, Tensors]:
        read, recurrent = weighted(self, inputs, states[0], training)
        update, reset, candidate = ops.split(read, 3, axis=1)
        more_update, more_reset, more_candidate = ops.split(recurrent, 3, axis=1)
        update = self.recurrent_activation(update + more_update)
        reset = self.recurrent_activation(reset + more_reset)
        hidden = update * states[1] + (1 - update) * self.activation(candidate + reset * more_candidate)
        return hidden, [hidden, hidden]


@keras.saving.register_keras_serializable("edgeword")
class ProjectedGRUCell(_Projecting, _GRU):
    """GRU (Cho et al. 2014), its reset gate after the recurrent product, with a recurrent projection."""


class _SimpleRNN(keras.layers.SimpleRNNCell):  # type: ignore[misc]
    recurrent_width: int

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        build_kernels(self, input_shape, gates=1, recurrent=self.recurrent_width, forget_gate=None)


@keras.saving.register_keras_serializable("edgeword")
class ProjectedSimpleRNNCell(_Projecting, _SimpleRNN):
    """h' = tanh(W x + U r + b) with a recurrent projection: state `[r]`."""

    def __init__(self, units: int, projection: int, **options: Any) -> None:
        super().__init__(units, projection, **options)
        self.state_size = projection
