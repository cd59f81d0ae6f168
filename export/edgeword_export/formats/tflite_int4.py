"""Products and tables of a TFLite file in 4 bits, written into the file that the converter made of its floats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from edgeword_export.formats.products import Floats, rounded_products
from edgeword_export.formats.tflite_model import packed, parsed
from edgeword_export.graphs.calibration import Sample, Samples, row_by_row
from edgeword_export.rounding import Rounded, fits_4_bits, nibbles

# Of int4 weights that share a scale. The larger, the faster: 37 µs a word in blocks of 128, 45 in blocks of 32, at
# 10,000 words and 256 units.
_BLOCKS = (32, 64, 128)
_PER_CHANNEL_VERSION = 12
"""Of FULLY_CONNECTED: int8 weights have a scale for each channel."""
_PRODUCT, _LOOKUP = schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.GATHER

Integers = NDArray[np.int8]
Place = tuple[int, Any]
"""The number of a graph in the file, and an operator of it."""


def round_weights(content: bytes, samples: Samples) -> bytes:
    """Every product of an activation and weights, and the tables of 4 bits (`graphs.lookup`), in fewer bits."""
    model = parsed(content)
    _round_products(model, content, samples())
    _pack_tables(model)
    return packed(model, len(content))


def _operators(model: Any, kind: int) -> Iterator[Place]:
    for number, graph in enumerate(model.subgraphs):
        for operator in graph.operators:
            if model.operatorCodes[operator.opcodeIndex].builtinCode == kind:
                yield number, operator


def _round_products(model: Any, content: bytes, samples: Sequence[Sample]) -> None:
    """What several operators, or graphs, are multiplied by is rounded once, for the inputs of all that were run."""
    places = [place for place in _operators(model, _PRODUCT) if _weights(model, place) is not None]
    weights = {_matrix(model, place).buffer: _weights(model, place) for place in places}
    inputs = (
        (_matrix(model, (graph, operator)).buffer, run(operator.inputs[0]))
        for number, run in _runs(model, content, samples)
        for graph, operator in places
        if graph == number
    )
    rounded = rounded_products(weights, inputs, _block)
    for place in places:
        _mark(model, place, rounded[_matrix(model, place).buffer])
    for buffer, found in rounded.items():
        model.buffers[buffer].data = _bytes(found.integers.T, found.bits)


def _matrix(model: Any, place: Place) -> Any:
    number, operator = place
    return model.subgraphs[number].tensors[operator.inputs[1]]


def _weights(model: Any, place: Place) -> Any:
    """The float32 weights `[inputs, outputs]` of a product; None where they are none, or computed."""
    tensor = _matrix(model, place)
    data = model.buffers[tensor.buffer].data
    if tensor.type != schema.TensorType.FLOAT32 or data is None or len(tensor.shape) != 2:
        return None
    return np.frombuffer(bytes(bytearray(data)), np.float32).reshape(tensor.shape).T


def _runs(model: Any, content: bytes, samples: Sequence[Sample]) -> Iterator[tuple[int, Callable[[int], Floats]]]:
    """The number of the samples' graph, and what stands in its tensors, by their numbers, in a run of each sample."""
    if not samples:
        return
    name = samples[0][0]
    signature = next(item for item in model.signatureDefs if item.signatureKey.decode() == name)
    number = signature.subgraphIndex
    interpreter = Interpreter(
        model_content=content,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    run = interpreter.get_signature_runner(name)
    free = -1 in _signature_shape(model, signature)
    for _, inputs in samples if free else row_by_row(samples):
        run(**inputs)
        yield number, lambda tensor: interpreter.get_tensor(tensor, number)


def _signature_shape(model: Any, signature: Any) -> Sequence[int]:
    """The shape of a signature's first input; an axis that is free is -1."""
    tensor = model.subgraphs[signature.subgraphIndex].tensors[signature.inputs[0].tensorIndex]
    return [int(size) for size in (tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature)]


def _block(inputs: int, bits: int, small: bool) -> int | None:
    """The largest that fits whole, or the smallest; None is a scale for each channel, all that there is for 8 bits."""
    fitting = [size for size in _BLOCKS if bits == 4 and inputs % size == 0]
    return (min if small else max)(fitting, default=None)


def _mark(model: Any, place: Place, found: Rounded) -> None:
    """The type and scales of the weights that a product reads."""
    number, operator = place
    tensor = _matrix(model, place)
    tensor.type = schema.TensorType.INT4 if found.bits == 4 else schema.TensorType.INT8
    tensor.quantization = schema.QuantizationParametersT()
    if found.bits == 4 and found.block in _BLOCKS:
        tensor.quantization.detailsType = schema.QuantizationDetails.BlockwiseQuantization
        tensor.quantization.details = details = schema.BlockwiseQuantizationT()
        details.scales, details.zeroPoints, details.blockSize = _scales(model, number, tensor, found), -1, found.block
        return
    tensor.quantization.scale = found.scales[0].tolist()
    tensor.quantization.zeroPoint = [0] * found.scales.shape[1]
    if found.bits == 8:
        operator.builtinOptions.asymmetricQuantizeInputs = True
        model.operatorCodes[operator.opcodeIndex].version = _PER_CHANNEL_VERSION


def _scales(model: Any, number: int, weights: Any, found: Rounded) -> int:
    """The number of a tensor of its own for the scales of blocks; graphs that share the weights share its buffer."""
    tensors = model.subgraphs[number].tensors
    name = b"%s_scales_%d" % (weights.name, weights.buffer)
    same = [each for graph in model.subgraphs for each in graph.tensors if each.name == name]
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.shape = name, schema.TensorType.FLOAT16, list(found.scales.T.shape)
    tensor.buffer = same[0].buffer if same else len(model.buffers)
    if not same:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(found.scales.T.astype(np.float16).tobytes(), np.uint8)
        model.buffers.append(buffer)
    tensors.append(tensor)
    return len(tensors) - 1


def _pack_tables(model: Any) -> None:
    """Int8 tables that need no more than 4 bits, and the rows that are looked up in them."""
    found: dict[int, bool] = {}
    for number, operator in _operators(model, _LOOKUP):
        tensors = model.subgraphs[number].tensors
        table = tensors[operator.inputs[0]]
        data = model.buffers[table.buffer].data
        if table.type != schema.TensorType.INT8 or data is None:
            continue
        if table.buffer not in found:
            rows = np.frombuffer(bytes(bytearray(data)), np.int8).reshape(table.shape)
            found[table.buffer] = fits_4_bits(rows)
            if found[table.buffer]:
                model.buffers[table.buffer].data = _bytes(rows, 4)
        if found[table.buffer]:
            table.type = tensors[operator.outputs[0]].type = schema.TensorType.INT4


def _bytes(integers: Integers, bits: int) -> NDArray[np.uint8]:
    """Integers as a buffer holds them."""
    flat = np.ascontiguousarray(integers).reshape(-1)
    return nibbles(flat) if bits == 4 else flat.view(np.uint8)
