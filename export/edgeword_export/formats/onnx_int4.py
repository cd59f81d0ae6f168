"""Products and tables of ONNX graphs in 4 bits, by operators of ONNX Runtime's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeword_export.formats.graph_reader import MICROSOFT, GraphReader, drop_unused, import_microsoft
from edgeword_export.formats.onnx_lookups import TableLookup, table_lookup
from edgeword_export.formats.products import Floats, rounded_products
from edgeword_export.graphs.calibration import Sample, Samples, row_by_row
from edgeword_export.rounding import Rounded, fits_4_bits, nibbles

Integers = NDArray[np.int8]

_IN_INT8 = 4
"""`accuracy_level`: activations are rounded to int8, with a scale for each block."""
# The larger, the faster: 114 µs a word in blocks of 128, 146 in blocks of 64, at 10,000 words and 512 units.
_BLOCKS = (32, 64, 128)
_SMALLEST_ROW_BLOCK = 16


def round_weights(model: onnx.ModelProto, samples: Samples) -> None:
    """Every product of an activation and weights, and the tables of 4 bits, by ONNX Runtime's operators for them."""
    _round_products(model, samples())
    _pack_tables(model.graph)
    import_microsoft(model)
    drop_unused(model.graph)


def _round_products(model: onnx.ModelProto, samples: Sequence[Sample]) -> None:
    """What several nodes are multiplied by is rounded once, for the inputs of all of them."""
    matrices = {tensor.name: tensor for tensor in model.graph.initializer if len(tensor.dims) == 2}
    nodes = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in matrices]
    weights = {node.input[1]: onnx.numpy_helper.to_array(matrices[node.input[1]]) for node in nodes}
    runs = _runs(model, sorted({node.input[0] for node in nodes}), samples)
    inputs = ((node.input[1], run[node.input[0]]) for run in runs for node in nodes)
    rounded = rounded_products(weights, inputs, _block)
    for name, found in rounded.items():
        _store(model.graph, name, found)
    for node in nodes:
        node.CopyFrom(_product(node, rounded[node.input[1]]))


def _runs(model: onnx.ModelProto, names: Sequence[str], samples: Sequence[Sample]) -> Iterator[Mapping[str, Floats]]:
    """What stands in tensors, by their names, in a run of each sample."""
    import onnxruntime

    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    inputs = {item.name for item in shown.graph.input}
    inner = [name for name in names if name not in inputs]
    outputs = {item.name for item in shown.graph.output}
    shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner if name not in outputs)
    session = onnxruntime.InferenceSession(shown.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = shown.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    for _, fed in row_by_row(samples) if rows == 1 else samples:
        yield {**fed, **dict(zip(inner, session.run(inner, fed) if inner else (), strict=True))}


def _store(graph: onnx.GraphProto, name: str, found: Rounded) -> None:
    """The integers `[out, blocks, …]` and scales that MatMulNBits reads; the last block is filled up."""
    inputs, outputs = found.integers.shape
    filled = np.zeros((outputs, len(found.scales) * found.block), np.int16)
    filled[:, :inputs] = found.integers.T
    unsigned = (filled + 2 ** (found.bits - 1)).astype(np.uint8).reshape(outputs, len(found.scales), found.block)
    packed = nibbles(unsigned) if found.bits == 4 else unsigned
    values = {_integers(name): packed, _scales(name): found.scales.T.reshape(-1)}
    graph.initializer.extend(onnx.numpy_helper.from_array(np.ascontiguousarray(v), key) for key, v in values.items())


def _product(node: onnx.NodeProto, found: Rounded) -> onnx.NodeProto:
    """A MatMul by the same product of integers."""
    activation, weights = node.input
    inputs, outputs = found.integers.shape
    return onnx.helper.make_node(
        "MatMulNBits",
        [activation, _integers(weights), _scales(weights)],
        node.output,
        domain=MICROSOFT,
        K=inputs,
        N=outputs,
        bits=found.bits,
        block_size=found.block,
        accuracy_level=_IN_INT8,
    )


def _integers(name: str) -> str:
    return f"{name}_integers"


def _scales(name: str) -> str:
    return f"{name}_scales"


def _block(inputs: int, bits: int, small: bool) -> int:
    """The block that makes the file smallest, the larger of equals; or the smallest block.

    Channels are filled up to whole blocks, and each block has a float32 scale.
    """
    return min(_BLOCKS[: 1 if small else None], key=lambda size: (-(-inputs // size) * (size * bits / 8 + 4), -size))


def _pack_tables(graph: onnx.GraphProto) -> None:
    """Lookups in tables of 4 bits (`graphs.lookup`): one operator in the place of six."""
    reader = GraphReader(graph)
    for node in list(graph.node):
        lookup = table_lookup(reader, node)
        if lookup is not None and fits_4_bits(lookup.rows):
            _replace_lookup(graph, lookup)


def _replace_lookup(graph: onnx.GraphProto, lookup: TableLookup) -> None:
    table, rows = lookup.gather.input[0], lookup.rows
    packed = onnx.TensorProto(name=_integers(table), data_type=onnx.TensorProto.INT4, dims=rows.shape)
    packed.raw_data = nibbles(rows).tobytes()
    if packed.name not in {tensor.name for tensor in graph.initializer}:
        graph.initializer.extend([packed, onnx.numpy_helper.from_array(lookup.scales, _scales(table))])
    lookup.end.CopyFrom(
        onnx.helper.make_node(
            "GatherBlockQuantized",
            [_integers(table), lookup.gather.input[1], _scales(table)],
            lookup.end.output,
            domain=MICROSOFT,
            gather_axis=0,
            quantize_axis=1,
            block_size=max(_SMALLEST_ROW_BLOCK, 1 << (rows.shape[1] - 1).bit_length()),
        )
    )
