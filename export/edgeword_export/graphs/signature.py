"""A graph before it is written: a traceable function with named, static inputs and outputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import tensorflow as tf

Tensors = dict[str, Any]

Recurrence = Literal["loop", "unrolled", "onnx"]
"""A loop of the graph; a cell for each position; or ONNX' own operators, and a cell for each position without one."""

TableBits = Literal[4, 8] | None
"""Of the integers in an embedding table; None leaves its floats. 8 takes the place of 4 where too little is known."""


@dataclass(frozen=True)
class Style:
    """What of a graph depends on the precision and the format that it will be written in."""

    table_bits: TableBits = None
    """The embedding table as rows of integers with a scale each, for quantizers that would leave it alone."""
    greedy: bool = True
    """The greedy word and its log-probability in the graph; fully quantized graphs lack the operators."""
    recurrence: Recurrence = "loop"
    """What recurrent layers become in a window graph."""
    free_rows: bool = True
    """Whether the first axis is free, so that any number of texts are read at once; else one text is."""

    @property
    def rows(self) -> int | None:
        """The size of the first axis; None where it is free."""
        return None if self.free_rows else 1


# What the input is called through which words come in: `[B]` for a step, `[B, L]` for a window.
TOKEN_INPUTS = ("token", "ids")

PLAIN = Style()
ROWS = Style(table_bits=8)
ROWS_4 = Style(table_bits=4)
# For microcontrollers, which have no other shapes. TFLite's static quantizer dies of a loop, and the process with it.
BARE = Style(greedy=False, free_rows=False, recurrence="unrolled")
ONNX = Style(greedy=False, recurrence="onnx")
ONNX_ROWS = Style(table_bits=8, greedy=False, recurrence="onnx")
ONNX_ROWS_4 = Style(table_bits=4, greedy=False, recurrence="onnx")


@dataclass(frozen=True)
class Signature:
    """One graph to export: `call` maps the inputs by name to the outputs by name; their first axis is the rows."""

    name: str
    inputs: Mapping[str, tf.TensorSpec]
    call: Callable[[Tensors], Tensors]
    tracked: keras.Model
    """The Keras model whose variables `call` reads: an exporter that does not track them loses the weights."""

    def function(self) -> Callable[..., Tensors]:
        """`call` with its inputs as named positional parameters, which both converters take names from."""

        def positional(*tensors: Any) -> Tensors:
            return self.call(dict(zip(self.inputs, tensors, strict=True)))

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(name, kind) for name in self.inputs]
        positional.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        positional.__name__ = self.name
        return positional

    def traced(self) -> Any:
        """`function` as a tf.function; raises whatever a layer raises on these inputs."""
        return tf.function(self.function(), input_signature=self.specs(), autograph=False)

    def specs(self) -> list[tf.TensorSpec]:
        """The input specifications, in order."""
        return list(self.inputs.values())


Signatures = Callable[[Style], list[Signature]]
"""The graphs in the style that a precision asks for."""


def input_spec(name: str, shape: tuple[int | None, ...], dtype: str) -> tf.TensorSpec:
    """A named input; None is a free axis."""
    return tf.TensorSpec(shape, dtype, name=name)


def predictions(logits: Any, style: Style) -> Tensors:
    """What a predicting graph puts out, from logits `[B, V]`.

    `next_token` is the greedy word and `logprob` its log-probability, log softmax at its maximum:
    -log Σ exp(logits - max). Both in the graph, so that a greedy word copies no logits.
    """
    if not style.greedy:
        return {"logits": logits}
    shifted = logits - tf.reduce_max(logits, axis=-1, keepdims=True)
    return {
        "logits": logits,
        "next_token": tf.argmax(logits, axis=-1, output_type=tf.int32),
        "logprob": -tf.math.log(tf.reduce_sum(tf.exp(shifted), axis=-1)),
    }
