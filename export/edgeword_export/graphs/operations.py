"""Which operations work time step by time step: one table, a rule for each kind.

A tensor holds a value for each position (`[B, L, …]`), or one for the last position alone (`[B, …]`). A rule says
which of the two an operation answers, or refuses. What has no rule is not known to work per time step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import Any

import keras
from keras import layers
from keras.src.models import Functional, Sequential

from edgeword_export.errors import NotSteppableError


class Place(Enum):
    """Of which positions a tensor holds values."""

    EACH = "each position"
    LAST = "the last position"


@dataclass(frozen=True)
class Call:
    """One call of an operation in a model's graph."""

    node: Any
    place: Place
    """Of its inputs."""

    @property
    def operation(self) -> Any:
        """What is called."""
        return self.node.operation

    @property
    def rank(self) -> int:
        """Of its first input."""
        return len(self.node.input_tensors[0].shape)

    @property
    def first_feature(self) -> int:
        """The first axis that is neither batch nor time."""
        return 2 if self.place is Place.EACH else 1

    def refuse(self, why: str) -> NotSteppableError:
        """The error that names the operation."""
        return NotSteppableError(f"{described(self.operation)} {why}")


Rule = Callable[[Call], Place]


def described(operation: Any) -> str:
    """An operation by name and kind."""
    kind = "layer" if isinstance(operation, layers.Layer) else "operation"
    return f"{kind} {operation.name!r} ({type(operation).__name__})"


def functional(operation: Any) -> Any:
    """The graph of a Functional or Sequential model; None of anything else, a model with a `call` of its own too."""
    call = getattr(type(operation), "call", None)
    if call is Sequential.call:
        return operation._functional
    return operation if call is Functional.call else None


def place_after(call: Call) -> Place:
    """Of which positions an operation's outputs hold values; raises NotSteppableError naming it."""
    rule = _LAYERS.get(type(call.operation)) or _operation_rule(call.operation)
    if rule is None:
        raise call.refuse("may read more than one time step at once")
    return rule(call)


def _operation_rule(operation: Any) -> Rule | None:
    known = type(operation).__module__.startswith("keras.src.ops.")
    return _OPERATIONS.get(type(operation).__name__) if known else None


def _free(call: Call) -> Place:
    """Nothing but what stands at a position matters."""
    return call.place


def _features_only(call: Call) -> Place:
    """Moves values between axes: what has a time axis among them is refused."""
    if call.place is Place.EACH:
        raise call.refuse("moves values between positions")
    return call.place


def _last_axis(call: Call) -> Place:
    if call.rank <= call.first_feature:
        raise call.refuse("reads more than one position")
    return call.place


def _axis(call: Call) -> Place:
    """Works along `axis`: neither batch nor time may be among them."""
    axes = call.operation.axis
    rank = len(call.node.outputs[0].shape) if type(call.operation).__name__ in _ADDS_AN_AXIS else call.rank
    for axis in axes if isinstance(axes, (list, tuple)) else [axes]:
        if axis is None or (axis if axis >= 0 else axis + rank) < call.first_feature:
            raise call.refuse("works along time")
    return call.place


def _aligned(call: Call) -> Place:
    """Element by element: every input with as many axes, and no constant with a value for each position."""
    if any(len(tensor.shape) != call.rank for tensor in call.node.input_tensors):
        raise call.refuse("combines tensors of different ranks")
    for shape in _constant_shapes(call):
        missing = call.rank - len(shape)
        if missing < 0 or any(size != 1 for size in shape[: max(call.first_feature - missing, 0)]):
            raise call.refuse("holds a value for each position")
    return call.place


def _constant_shapes(call: Call) -> list[tuple[int, ...]]:
    flat = keras.tree.flatten((call.node.arguments.args, call.node.arguments.kwargs))
    return [
        tuple(value.shape) for value in flat if hasattr(value, "shape") and not isinstance(value, keras.KerasTensor)
    ]


def _activated(call: Call) -> Place:
    """An activation of Keras' own: a function of the user's may do anything."""
    function = getattr(call.operation, "activation", None)
    if function is not None and not str(getattr(function, "__module__", "")).startswith("keras.src.activations"):
        raise call.refuse(f"has an activation of its own, {getattr(function, '__name__', function)!r}")
    return call.place


def _einsum(call: Call) -> Place:
    """`abc,cd->abd`, with time in the same place on both sides and nowhere in the weights."""
    read, _, written = call.operation.equation.replace(" ", "").partition("->")
    inputs, weights = read.split(",")
    if "..." in read:
        kept = inputs.startswith("...") and len(inputs) == 4 and "..." not in weights and written.startswith("...")
    else:
        before = inputs[: call.first_feature]
        kept = written.startswith(before) and not set(before) & {*weights, *(call.operation.bias_axes or "")}
    if not kept:
        raise call.refuse("mixes positions")
    return call.place


def _shared_slopes(call: Call) -> Place:
    """PReLU has a slope for each position, unless it shares them."""
    if call.place is Place.EACH and 1 not in (call.operation.shared_axes or ()):
        raise call.refuse("holds a value for each position")
    return call.place


def _reshaped(call: Call) -> Place:
    """Batch and time as they were, the features in another form."""
    first, before, after = call.first_feature, call.node.input_tensors[0].shape, call.node.outputs[0].shape
    known = None not in (*before[first:], *after[first:])
    if not known or before[1:first] != after[1:first] or prod(before[first:]) != prod(after[first:]):
        raise call.refuse("moves values between positions")
    return call.place


def _sliced(call: Call) -> Place:
    """`x[:, -1]` is the last position; features may be sliced at will."""
    batch, *rest = _key(call)
    if batch != slice(None):
        raise call.refuse("slices the batch")
    if call.place is Place.LAST or not rest or rest[0] == slice(None):
        return call.place
    if rest[0] in (-1, slice(-1, None)):
        return Place.LAST
    raise call.refuse(f"reads {_positions(rest[0])}")


def _key(call: Call) -> list[Any]:
    """The key of `x[key]`, its ellipsis written out."""
    arguments = call.node.arguments
    given = arguments.kwargs["key"] if "key" in arguments.kwargs else arguments.args[1]
    key = list(given) if isinstance(given, (list, tuple)) else [given]
    if any(not (isinstance(part, (int, slice)) or part is Ellipsis) for part in key):
        raise call.refuse("slices in a way that is not known to keep positions apart")
    if Ellipsis in key:
        place = key.index(Ellipsis)
        key[place : place + 1] = [slice(None)] * (call.rank - len(key) + 1)
    return key


def _positions(part: int | slice) -> str:
    if isinstance(part, int):
        return f"position {part}"
    return f"positions {'' if part.start is None else part.start}:{'' if part.stop is None else part.stop}"


def _product(call: Call) -> Place:
    """A product with weights along the last axis."""
    first, *others = call.node.arguments.args
    weights = others[0] if others else call.node.arguments.kwargs.get("x2")
    if not isinstance(first, keras.KerasTensor) or isinstance(weights, keras.KerasTensor) or len(weights.shape) > 2:
        raise call.refuse("multiplies positions with each other")
    return _last_axis(call)


def _lookup(call: Call) -> Place:
    """Rows of a constant table."""
    if isinstance(call.node.arguments.args[0], keras.KerasTensor) or call.operation.axis != 0:
        raise call.refuse("takes values from other positions")
    return call.place


def _all(*rules: Rule) -> Rule:
    def every(call: Call) -> Place:
        return [rule(call) for rule in rules][-1]

    return every


def _table(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


# Operations of `keras.ops` whose axis counts in what they answer.
_ADDS_AN_AXIS = ("ExpandDims", "Stack", "OneHot")

_OPERATIONS: dict[str, Rule] = {
    **_table(
        _aligned,
        "Add Subtract Multiply Divide TrueDivide DivideNoNan FloorDivide Mod Power Maximum Minimum Where Hypot Arctan2 "
        "Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr LogicalXor LogicalNot Logaddexp "
        "Absolute Negative Sign Reciprocal Square Sqrt Rsqrt Cbrt Exp Exp2 Expm1 Log Log1p Log2 Log10 "
        "Sin Cos Tan Sinh Cosh Tanh Arcsin Arccos Arctan Arcsinh Arccosh Arctanh Erf "
        "Floor Ceil Round Trunc Clip Isfinite Isinf Isnan NanToNum OnesLike ZerosLike FullLike Copy Cast StopGradient "
        "Relu Relu6 LeakyRelu Elu Selu Celu Gelu Silu HardSilu Sigmoid HardSigmoid LogSigmoid SparseSigmoid "
        "Softplus Softsign SoftShrink HardShrink TanhShrink HardTanh Squareplus SparsePlus Threshold",
    ),
    **_table(
        _all(_aligned, _axis),
        "Softmax LogSoftmax Sparsemax Glu Normalize Mean Sum Prod Max Min Amax Amin Var Std Median Logsumexp Norm "
        "All Any CountNonzero Argmax Argmin Cumsum Cumprod Flip Sort Argsort Squeeze ExpandDims Stack Concatenate "
        "Split",
    ),
    "OneHot": _axis,
    "GetItem": _sliced,
    "Matmul": _product,
    "Reshape": _reshaped,
    "Take": _lookup,
}

_LAYERS: dict[type, Rule] = {
    **dict.fromkeys((layers.Embedding, layers.ReversibleEmbedding, layers.TimeDistributed, layers.Identity), _free),
    **dict.fromkeys((layers.ReLU, layers.LeakyReLU, layers.ELU, layers.ActivityRegularization), _free),
    **dict.fromkeys((layers.Dropout, layers.SpatialDropout1D, layers.GaussianDropout, layers.GaussianNoise), _free),
    layers.AlphaDropout: _free,
    layers.Masking: _last_axis,
    layers.Dense: _all(_last_axis, _activated),
    layers.EinsumDense: _all(_einsum, _activated),
    layers.Activation: _activated,
    layers.PReLU: _shared_slopes,
    **dict.fromkeys((layers.LayerNormalization, layers.RMSNormalization, layers.UnitNormalization), _axis),
    layers.BatchNormalization: _axis,
    layers.Softmax: _axis,
    **dict.fromkeys(
        (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum), _aligned
    ),
    layers.Concatenate: _all(_aligned, _axis),
    layers.Reshape: _reshaped,
    **dict.fromkeys((layers.Flatten, layers.Permute, layers.RepeatVector), _features_only),
}


def reshapes_to(operation: Any) -> Sequence[int] | None:
    """The new form of what only reshapes, batch left out; None of other operations."""
    if type(operation) is layers.Reshape:
        return tuple(operation.target_shape)
    if type(operation).__name__ == "Reshape" and _operation_rule(operation):
        return tuple(operation.newshape)[1:]
    return None
