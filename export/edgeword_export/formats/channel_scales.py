"""Channel scales of quantized products, where ONNX Runtime multiplies them fast.

The quantizer writes DynamicQuantizeLinear, MatMulInteger, Cast, and a Mul by the product of both scales. ONNX Runtime
makes one DynamicQuantizeMatMul of them, which scales channel by channel: 3 ns each, a quarter of a word at 10,000.
With a weight scale of 1 in it, and the channels' scales in a Mul of their own, it runs vectorized.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from edgeword_export.formats.graph_reader import MICROSOFT, GraphReader, drop_unused, import_microsoft

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
            onnx.helper.make_node("DynamicQuantizeMatMul", inputs, [unscaled], domain=MICROSOFT),
            onnx.helper.make_node("Mul", [unscaled, self.channel_scales], self.scale.output),
        ]


def scale_channels_last(model: onnx.ModelProto) -> None:
    """Rewrite every product whose weight has a scale for each channel and zero points of 0; others stay."""
    graph = model.graph
    reader = GraphReader(graph)
    products = [product for node in graph.node if (product := _product(reader, node)) is not None]
    replaced = {product.integers.output[0]: product.nodes() for product in products}
    gone = {name for p in products for node in (p.integers, p.cast, p.scales, p.scale) for name in node.output}
    nodes = [
        new for node in graph.node for new in replaced.get(node.output[0], [] if node.output[0] in gone else [node])
    ]
    del graph.node[:]
    graph.node.extend(nodes)
    if products:
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(1, np.float32), _ONE))
        import_microsoft(model)
    drop_unused(graph)


def _product(reader: GraphReader, node: onnx.NodeProto) -> _Product | None:
    """The product around a MatMulInteger; None of another node, or where the pattern is another."""
    quantize = reader.maker(node.input[0], "DynamicQuantizeLinear") if node.op_type == "MatMulInteger" else None
    cast = reader.user(node.output[0], "Cast")
    scale = reader.user(cast.output[0], "Mul") if cast else None
    if quantize is None or cast is None or scale is None:
        return None
    factor = reader.other_input(scale, cast.output[0])
    scales = reader.maker(factor, "Mul")
    if scales is None or reader.user(factor, "Mul") is None or not _is_symmetric(reader, node):
        return None
    channel_scales = [name for name in scales.input if name in reader.weights]
    if sorted([*channel_scales, quantize.output[1]]) != sorted(scales.input):
        return None
    return _Product(quantize, node, cast, scales, scale, channel_scales[0])


def _is_symmetric(reader: GraphReader, node: onnx.NodeProto) -> bool:
    zero_points = reader.weights.get(node.input[3]) if len(node.input) > 3 else None
    return zero_points is None or not onnx.numpy_helper.to_array(zero_points).any()
