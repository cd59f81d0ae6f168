"""An ONNX graph, looked up by the names of its tensors."""

from __future__ import annotations

from typing import Any

import onnx
from numpy.typing import NDArray

MICROSOFT = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""


class GraphReader:
    """Who makes and who reads each tensor of a graph as it is now."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.weights = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in graph.node for name in node.output}
        self._users: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    def maker(self, name: str, kind: str) -> onnx.NodeProto | None:
        """The node that makes a tensor, if it is of this kind."""
        found = self._makers.get(name)
        return found if found is not None and found.op_type == kind else None

    def values(self, name: str, dtype: type) -> NDArray[Any] | None:
        """A weight of this type; None of others."""
        found = onnx.numpy_helper.to_array(self.weights[name]) if name in self.weights else None
        return found if found is not None and found.dtype == dtype else None

    def user(self, name: str, kind: str) -> onnx.NodeProto | None:
        """The only node that reads a tensor, if it is of this kind."""
        users = self._users.get(name, [])
        return users[0] if len(users) == 1 and users[0].op_type == kind else None

    def other_input(self, node: onnx.NodeProto, name: str) -> str:
        """What a node of two inputs reads beside this tensor."""
        return str(node.input[0] if node.input[1] == name else node.input[1])


def drop_unused(graph: onnx.GraphProto) -> None:
    """Take out what nothing reads any more: quantized activations, zero points."""
    while True:
        read = {name for node in graph.node for name in node.input} | {item.name for item in graph.output}
        nodes = [node for node in graph.node if read & set(node.output)]
        if len(nodes) == len(graph.node):
            break
        del graph.node[:]
        graph.node.extend(nodes)
    weights = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(weights)


def import_microsoft(model: onnx.ModelProto) -> None:
    """Let a model hold ONNX Runtime's own operators."""
    if MICROSOFT not in {item.domain for item in model.opset_import}:
        model.opset_import.append(onnx.helper.make_opsetid(MICROSOFT, 1))
