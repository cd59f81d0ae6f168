"""Quantized products of which each row has a scale of its own.

The quantizer writes DynamicQuantizeLinear, MatMulInteger, Cast, and a Mul by the product of both scales. That gives
all rows one scale, so that what a row answers would depend on the others. Here a row is divided by its largest
absolute value and rounded by a scale that is the same for all: 127 steps up, 127 down. The product is scaled back by
the row and by the channels: what is vectorized one by one, and in MatMulIntegerToFloat is not (3 ns a channel). The row
of an integer table (`graphs.lookup`) is multiplied as it stands there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeword_export.formats.graph_reader import MICROSOFT, GraphReader, drop_unused, import_microsoft
from edgeword_export.formats.onnx_lookups import TableLookup, table_lookup

# Rounded as uint8 around 128: the processor's products are of uint8 and int8.
_CONSTANTS: dict[str, NDArray[Any]] = {
    "edgeword_one": np.array(1, np.float32),
    "edgeword_step": np.array(1 / 127, np.float32),
    "edgeword_middle": np.array(128, np.uint8),
}
_ONE, _STEP, _MIDDLE = _CONSTANTS

# What quantizes all rows that it is given with one scale.
_FOR_ALL_ROWS = {"DynamicQuantizeLinear", "DynamicQuantizeLSTM"}


@dataclass(frozen=True)
class _Rows:
    """An activation in integers: `values ≈ integers * step * scale`, with a scale for each row."""

    nodes: list[onnx.NodeProto]
    """What makes them."""
    integers: str
    scale: str
    step: str
    zero_point: str


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

    def nodes(self, rows: _Rows) -> list[onnx.NodeProto]:
        """The same product of rows of integers, its channels and rows scaled last."""
        unscaled, by_channel = (f"{self.scale.output[0]}_{what}" for what in ("unscaled", "by_channel"))
        inputs = [rows.integers, self.integers.input[1], rows.step, _ONE, rows.zero_point]
        return [
            onnx.helper.make_node("MatMulIntegerToFloat", inputs, [unscaled], domain=MICROSOFT),
            onnx.helper.make_node("Mul", [unscaled, self.channel_scales], [by_channel]),
            onnx.helper.make_node("Mul", [by_channel, rows.scale], self.scale.output),
        ]


def scale_rows_apart(model: onnx.ModelProto) -> None:
    """Rewrite every product whose weight has a scale for each channel and zero points of 0; others stay."""
    graph = model.graph
    reader = GraphReader(graph)
    products = [product for node in graph.node if (product := _product(reader, node)) is not None]
    if not products:
        return
    nodes = list(_rewritten(graph, reader, products))
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in _CONSTANTS.items())
    import_microsoft(model)
    drop_unused(graph)


def mixes_rows(model: onnx.ModelProto) -> bool:
    """Whether an operator rounds all rows of an activation with one scale."""
    return any(node.op_type in _FOR_ALL_ROWS for node in model.graph.node)


def _rewritten(graph: onnx.GraphProto, reader: GraphReader, products: list[_Product]) -> Iterator[onnx.NodeProto]:
    """All nodes, in an order in which each finds what it reads; an activation is quantized once for all products."""
    replaced = {product.integers.output[0]: product for product in products}
    gone = {name for p in products for node in (p.integers, p.cast, p.scales, p.scale) for name in node.output}
    activations = {product.quantize.output[0]: product.quantize.input[0] for product in products}
    lookups = {found.end.output[0]: found for node in graph.node if (found := table_lookup(reader, node)) is not None}
    rows = {}
    for made, activation in activations.items():
        squeeze = reader.maker(activation, "Squeeze")
        lookup = lookups.get(squeeze.input[0]) if squeeze else None
        rows[made] = _looked_up(graph, lookup, squeeze) if lookup and squeeze else _quantized(activation)
    for node in graph.node:
        name = node.output[0]
        if name in rows:
            yield from rows[name].nodes
        if name in replaced:
            yield from replaced[name].nodes(rows[node.input[0]])
        elif name not in gone:
            yield node


def _quantized(activation: str) -> _Rows:
    """Each row's largest absolute value, and its integers; a row of zeros is scaled back by 0, whatever they are."""
    absolute, largest, divided, integers = (
        f"{activation}_{what}" for what in ("absolute", "largest", "divided", "integers")
    )
    nodes = [
        onnx.helper.make_node("Abs", [activation], [absolute]),
        onnx.helper.make_node("ReduceMax", [absolute], [largest], axes=[-1], keepdims=1),
        onnx.helper.make_node("Div", [activation, largest], [divided]),
        onnx.helper.make_node("QuantizeLinear", [divided, _STEP, _MIDDLE], [integers]),
    ]
    return _Rows(nodes, integers, largest, _STEP, _MIDDLE)


def _looked_up(graph: onnx.GraphProto, lookup: TableLookup, squeeze: onnx.NodeProto) -> _Rows:
    """The row of a table of integers, one word's, and its scale.

    The table becomes one that the processor multiplies fast: products of two int8 take five times as long.
    """
    shifted, found, integers, scale = (
        f"{squeeze.output[0]}_{what}" for what in ("table", "found", "integers", "row_scale")
    )
    values = lookup.rows.astype(np.int16) + _CONSTANTS[_MIDDLE]
    graph.initializer.append(onnx.numpy_helper.from_array(values.astype(np.uint8), shifted))
    nodes = [
        onnx.helper.make_node("Gather", [shifted, lookup.gather.input[1]], [found]),
        onnx.helper.make_node("Squeeze", [found, *squeeze.input[1:]], [integers]),
        onnx.helper.make_node("Squeeze", [lookup.factor, *squeeze.input[1:]], [scale]),
    ]
    return _Rows(nodes, integers, scale, _ONE, _MIDDLE)


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
