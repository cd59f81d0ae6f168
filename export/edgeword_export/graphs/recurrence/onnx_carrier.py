"""An operator of ONNX in a TensorFlow graph: TensorFlow carries it to the converter, and cannot run it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

# An operator that takes any tensors, answers any, and says in a text what it does.
_CARRIER = "PyFuncStateless"


def carried(kind: str, inputs: Sequence[Any], attributes: Mapping[str, Any], shape: Sequence[int]) -> Any:
    """The first output of an ONNX operator, float32 of `shape`, where None is free."""
    token = json.dumps({"kind": kind, "attributes": attributes, "shape": list(shape)})
    (output,) = tf.raw_ops.PyFuncStateless(input=list(inputs), token=token, Tout=[tf.float32])
    return tf.ensure_shape(output, shape)


def _written(graph: Any, node: Any, name: str, _settings: Any) -> None:
    """Put the operator that a node carries in its place, in tf2onnx's graph."""
    carries = json.loads(node.get_attr_str("token"))
    inputs, outputs, types = list(node.input), list(node.output), [graph.get_dtype(node.output[0])]
    graph.remove_node(node.name)
    graph.make_node(
        carries["kind"],
        inputs,
        attr=carries["attributes"],
        outputs=outputs,
        name=name,
        shapes=[[-1 if size is None else size for size in carries["shape"]]],
        dtypes=types,
    )


HANDLERS: dict[str, tuple[Any, list[Any]]] = {_CARRIER: (_written, [])}
"""For tf2onnx: what becomes of the carriers."""
