"""Channel scales of quantized products, where ONNX Runtime multiplies them fast.

The quantizer writes DynamicQuantizeLinear, MatMulInteger, Cast, and a Mul by the product of both scales. ONNX Runtime
makes one DynamicQuantizeMatMul of them, which scales channel by channel: 3 ns each, a quarter of a word at 10,000.
With a weight scale of 1 in it, and the channels' scales in a Mul of their own, it runs vectorized.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

_DOMAIN, _VERSION = "com.microsoft", 1
_ONE = "edgeword_one"


@dataclass(frozen=True)
class _Product:
    """What the quantizer wrote for one product of an activation and a weight."""

    quantize: onnx.NodeProto
    integers: onnx.NodeProto
    cast: onnx.NodeProto
    scales: onnx.NodeProto
    """Mul of the activation's scale and the channels' scales."""
    scale: onnx.NodeProto
    """Mul of the product by these."""
    channel_scales: str

    def nodes(self) -> list[onnx.NodeProto]:
        """The same product, its channels scaled last."""
        unscaled = f"{self.scale.output[0]}_unscaled"
        inputs = [self.quantize.input[0], self.integers.input[1], _ONE]
        return [
            onnx.helper.make_node("DynamicQuantizeMatMul", inputs, [unscaled], domain=_DOMAIN),
            onnx.helper.make_node("Mul", [unscaled, self.channel_scales], self.scale.output),
        ]


def scale_channels_last(model: onnx.ModelProto) -> None:
    """Rewrite every product whose weight has a scale for each channel and zero points of 0; others stay."""
    graph = model.graph
    products = [product for product in map(_Reader(graph).product, graph.node) if product is not None]
    replaced = {product.integers.output[0]: product.nodes() for product in products}
    gone = {name for p in products for node in (p.integers, p.cast, p.scales, p.scale) for name in node.output}
    nodes = [
        new for node in graph.node for new in replaced.get(node.output[0], [] if node.output[0] in gone else [node])
    ]
    del graph.node[:]
    graph.node.extend(nodes)
    if products:
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(1, np.float32), _ONE))
        if _DOMAIN not in {item.domain for item in model.opset_import}:
            model.opset_import.append(onnx.helper.make_opsetid(_DOMAIN, _VERSION))
    _drop_unused(graph)


class _Reader:
    """A graph, looked up by the names of its tensors."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._makers = {name: node for node in graph.node for name in node.output}
        self._users: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)
        self._weights = {tensor.name: tensor for tensor in graph.initializer}

    def product(self, node: onnx.NodeProto) -> _Product | None:
        """The product around a MatMulInteger; None of another node, or where the pattern is another."""
        quantize = self._makers.get(node.input[0]) if node.op_type == "MatMulInteger" else None
        cast = self._user(node.output[0], "Cast")
        scale = self._user(cast.output[0], "Mul") if cast else None
        if quantize is None or quantize.op_type != "DynamicQuantizeLinear" or cast is None or scale is None:
            return None
        factor = scale.input[0] if scale.input[1] == cast.output[0] else scale.input[1]
        scales = self._makers.get(factor)
        if scales is None or self._user(factor, "Mul") is None or scales.op_type != "Mul" or not self._symmetric(node):
            return None
        channel_scales = [name for name in scales.input if name in self._weights]
        if sorted([*channel_scales, quantize.output[1]]) != sorted(scales.input):
            return None
        return _Product(quantize, node, cast, scales, scale, channel_scales[0])

    def _user(self, name: str, kind: str) -> onnx.NodeProto | None:
        users = self._users.get(name, [])
        return users[0] if len(users) == 1 and users[0].op_type == kind else None

    def _symmetric(self, node: onnx.NodeProto) -> bool:
        zero_points = self._weights.get(node.input[3]) if len(node.input) > 3 else None
        return zero_points is None or not onnx.numpy_helper.to_array(zero_points).any()


def _drop_unused(graph: onnx.GraphProto) -> None:
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
