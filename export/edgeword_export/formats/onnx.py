"""Signatures to ONNX files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tensorflow as tf

from edgeword_export.errors import ConversionError
from edgeword_export.formats.onnx_answers import answer_some
from edgeword_export.formats.onnx_int4 import round_weights
from edgeword_export.formats.recurrent_weights import has_lstm, store_as_int8
from edgeword_export.formats.row_scales import mixes_rows, scale_rows_apart
from edgeword_export.formats.weight_reads import Operator, Weight, weights_read
from edgeword_export.formats.writer import Inputs, Writer
from edgeword_export.graphs.calibration import Samples
from edgeword_export.graphs.recurrence.onnx_carrier import HANDLERS
from edgeword_export.graphs.rows import alone
from edgeword_export.graphs.signature import (
    ONNX,
    ONNX_ROWS,
    ONNX_ROWS_4,
    PLAIN,
    TOKEN_INPUTS,
    Signatures,
    Style,
)

OPSET = 17

# Operators with graphs inside them: the quantizer leaves those alone, and a session on what it then writes
# aborts the whole process.
_LOOPS = {"Loop", "Scan", "If"}

# What is quantized. Gather is not: the embedding table comes as int8 rows, which need no second scale.
_QUANTIZED = ["MatMul", "Gemm", "Conv"]


class OnnxWriter(Writer):
    """The first signature to an ONNX file.

    An ONNX file has one graph. `advance` is `step` that is asked for no logits, so `step` is all it needs. The greedy
    word is left to the runtime: in ONNX Runtime eight more nodes cost 28 µs a word, NumPy on the logits 6 µs.
    """

    format = "onnx"

    def __init__(self, signatures: Signatures) -> None:
        super().__init__(signatures)
        self._converted: dict[Style, bytes] = {}

    def make(self, precision: str, samples: Samples) -> bytes:
        """See `Writer.make`."""
        style, recipe = _RECIPES[precision]
        model = recipe(self.convert(style), samples)
        if mixes_rows(model):
            _pin_rows(model.graph)
        if _has_free_rows(model) and self.signatures(PLAIN)[0].name == "step":
            model = answer_some(model)
        _shorten_names(model.graph)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def inputs(self, content: bytes) -> Mapping[str, Inputs]:
        """See `Writer.inputs`."""
        graph = onnx.load_from_string(content).graph
        defaults = {tensor.name for tensor in graph.initializer}
        types = {item.name: item.type.tensor_type for item in graph.input if item.name not in defaults}
        return {
            self.signatures(PLAIN)[0].name: {
                name: (
                    onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name,
                    tuple(size.dim_value or None for size in kind.shape.dim),
                )
                for name, kind in types.items()
            }
        }

    def weights_read(self, content: bytes) -> int:
        """See `Writer.weights_read`."""
        graph = onnx.load_from_string(content).graph
        operators = [Operator(node.op_type, node.input, node.output) for node in graph.node]
        weights = {tensor.name: Weight(_size_bytes(tensor), (*tensor.dims, 1)[0]) for tensor in graph.initializer}
        tokens = next(item for item in graph.input if item.name in TOKEN_INPUTS)
        return weights_read(operators, weights, tokens.type.tensor_type.shape.dim[-1].dim_value or 1)

    def convert(self, style: Style) -> onnx.ModelProto:
        """The float32 graph in a style, a copy of its own.

        Where rows are free at the price of shapes that are computed in each run, they are not.
        """
        if style not in self._converted:
            model = self._convert(style)
            if style.free_rows and any(node.op_type == "Shape" for node in model.graph.node):
                model = self._convert(alone(style))
            self._converted[style] = model.SerializeToString()
        return onnx.load_from_string(self._converted[style])

    def _convert(self, style: Style) -> onnx.ModelProto:
        import tf2onnx

        signature = self.signatures(style)[0]
        function = signature.traced()
        model, _ = tf2onnx.convert.from_function(function, signature.specs(), opset=OPSET, custom_op_handlers=HANDLERS)
        _fold_constants(model.graph, function.get_concrete_function())
        _name_rows(model.graph)
        return _checked(model)


def _float32(model: onnx.ModelProto, _samples: Samples) -> onnx.ModelProto:
    return model


def _float16(model: onnx.ModelProto, _samples: Samples) -> onnx.ModelProto:
    """Weights float16, computed in float32: a processor without float16 arithmetic casts at every operator."""
    for tensor in list(model.graph.initializer):
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size > 1:
            half, name = f"{tensor.name}_float16", tensor.name
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), half))
            model.graph.node.insert(0, onnx.helper.make_node("Cast", [half], [name], to=onnx.TensorProto.FLOAT))
    return model


def _dynamic_int8(model: onnx.ModelProto, _samples: Samples) -> onnx.ModelProto:
    """Weights int8 with a scale a channel; activations are quantized while the graph runs, with a scale a row."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    settings = {"weight_type": QuantType.QInt8, "per_channel": True, "op_types_to_quantize": _QUANTIZED}
    model = _through_files(model, lambda source, target: quantize_dynamic(source, target, **settings))
    scale_rows_apart(model)
    return _with_int8_recurrences(model)


def _static_int8(model: onnx.ModelProto, samples: Samples) -> onnx.ModelProto:
    """Weights and activations int8, with scales that were measured on text."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    settings = {
        "quant_format": QuantFormat.QDQ,
        "activation_type": QuantType.QUInt8,
        "weight_type": QuantType.QInt8,
        "per_channel": True,
        "op_types_to_quantize": _QUANTIZED,
    }
    reader = _Reader(samples)
    model = _through_files(model, lambda source, target: quantize_static(source, target, reader, **settings))
    return _with_int8_recurrences(model)


def _int4(model: onnx.ModelProto, samples: Samples) -> onnx.ModelProto:
    """Weights int4 in blocks with a scale each, multiplied in int8."""
    _split_gemm(model.graph)
    round_weights(model, samples)
    weights = {tensor.name for tensor in model.graph.initializer}
    left = [node.name for node in model.graph.node if node.op_type in ("MatMul", "Gemm") and weights & set(node.input)]
    if left:
        raise ConversionError(f"no int4 form is known of {', '.join(left)}")
    return _with_int8_recurrences(model)


def _with_int8_recurrences(model: onnx.ModelProto) -> onnx.ModelProto:
    """Recurrent operators in int8, whatever the rest is in: no quantizer does less to them, or more."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    settings = {"weight_type": QuantType.QInt8, "per_channel": True, "op_types_to_quantize": ["LSTM"]}
    if has_lstm(model.graph):
        model = _through_files(model, lambda source, target: quantize_dynamic(source, target, **settings))
    store_as_int8(model.graph)
    return model


_RECIPES: dict[str, tuple[Style, Callable[[onnx.ModelProto, Samples], onnx.ModelProto]]] = {
    "float32": (ONNX, _float32),
    "float16": (ONNX, _float16),
    "dynamic-int8": (ONNX_ROWS, _dynamic_int8),
    "static-int8": (ONNX_ROWS, _static_int8),
    "int4": (ONNX_ROWS_4, _int4),
}
"""The graph that each precision is made of, and how."""


class _Reader:
    """Calibration samples in the form that the quantizer asks for."""

    def __init__(self, samples: Samples) -> None:
        names = ("step", "window")
        self._samples: Iterator[dict[str, Any]] = (inputs for name, inputs in samples() if name in names)

    def get_next(self) -> dict[str, Any] | None:
        """The next sample, or None."""
        return next(self._samples, None)


def _through_files(model: onnx.ModelProto, quantize: Callable[[Path, Path], None]) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory(prefix="edgeword-") as folder:
        source, target = Path(folder, "float32.onnx"), Path(folder, "quantized.onnx")
        onnx.save(model, source)
        quantize(source, target)
        return onnx.load(target)


def _fold_constants(graph: onnx.GraphProto, traced: Any) -> None:
    """Tensors that the traced function holds, as initializers: the converter makes them inputs that nobody feeds."""
    held = {inner.name: outer for outer, inner in traced.graph.captures if outer.dtype != tf.resource}
    inputs = [item for item in graph.input if item.name not in held]
    values = [onnx.numpy_helper.from_array(held[i.name].numpy(), i.name) for i in graph.input if i.name in held]
    graph.initializer.extend(values)
    del graph.input[:]
    graph.input.extend(inputs)


def _name_rows(graph: onnx.GraphProto) -> None:
    """One name for all free first axes: they are one number."""
    for item in (*graph.input, *graph.output):
        shape = item.type.tensor_type.shape
        if shape.dim and not shape.dim[0].HasField("dim_value"):
            shape.dim[0].dim_param = "rows"


def _pin_rows(graph: onnx.GraphProto) -> None:
    """One row in the place of any number."""
    for item in (*graph.input, *graph.output):
        dimensions = item.type.tensor_type.shape.dim
        if dimensions and dimensions[0].dim_param:
            dimensions[0].dim_value = 1


def _has_free_rows(model: onnx.ModelProto) -> bool:
    return any(item.type.tensor_type.shape.dim[0].dim_param for item in model.graph.input)


def _checked(model: Any) -> onnx.ModelProto:
    loops = sorted({node.op_type for node in model.graph.node} & _LOOPS)
    if loops:
        raise ConversionError(f"the ONNX graph holds {', '.join(loops)}, which quantizers break")
    model.producer_name = "edgeword"
    onnx.checker.check_model(model, full_check=True)
    return model


def _size_bytes(tensor: onnx.TensorProto) -> int:
    """What a tensor takes in the file, wherever it holds its values."""
    return len(tensor.raw_data) or int(onnx.numpy_helper.to_array(tensor).nbytes)


def _split_gemm(graph: onnx.GraphProto) -> None:
    """Gemm back to MatMul and Add: of Gemm there is no int4 form."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        settings = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        plain = settings.get("alpha", 1.0) == settings.get("beta", 1.0) == 1.0 and not settings.get("transA")
        if node.op_type != "Gemm" or not plain or node.input[1] not in weights:
            nodes.append(node)
            continue
        if settings.get("transB"):
            tensor = weights[node.input[1]]
            tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).T.copy(), tensor.name))
        product = f"{node.output[0]}_product"
        nodes.append(onnx.helper.make_node("MatMul", node.input[:2], [product], name=f"{node.name}_matmul"))
        nodes.append(onnx.helper.make_node("Add", [product, node.input[2]], node.output, name=f"{node.name}_add"))
    del graph.node[:]
    graph.node.extend(nodes)


def _shorten_names(graph: onnx.GraphProto) -> None:
    """Number the tensors between inputs and outputs: the converter's paths outweigh small weights."""
    public = {item.name for item in (*graph.input, *graph.output)}
    names: dict[str, str] = {"": ""}

    def short(name: str) -> str:
        return name if name in public else names.setdefault(name, f"t{len(names)}")

    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    for node in graph.node:
        node.name = ""
        node.input[:] = map(short, node.input)
        node.output[:] = map(short, node.output)
    del graph.value_info[:]
