"""Signatures to ONNX files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import onnx
import tensorflow as tf

from edgeword_export.errors import ConversionError
from edgeword_export.quiet import quiet
from edgeword_export.signature import Signature

OPSET = 17

# Operators with graphs inside them: the quantizer leaves those alone, and a session on what it then writes
# aborts the whole process.
_LOOPS = {"Loop", "Scan", "If"}


def _float32(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def _dynamic_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights int8 with a scale a channel; activations are quantized while the graph runs."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="edgeword-") as folder:
        source, target = Path(folder, "float32.onnx"), Path(folder, "int8.onnx")
        onnx.save(model, source)
        with quiet():
            quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True)
        return onnx.load(target)


_QUANTIZERS: dict[str, Callable[[onnx.ModelProto], onnx.ModelProto]] = {
    "float32": _float32,
    "dynamic-int8": _dynamic_int8,
}


class OnnxWriter:
    """Converts the first signature once, then writes it in any precision.

    An ONNX file has one graph. `advance` is `step` with fewer results asked for, so `step` is all it needs.
    """

    format = "onnx"

    def __init__(self, signatures: Sequence[Signature]) -> None:
        import tf2onnx

        signature = signatures[0]
        function = tf.function(signature.function(), input_signature=signature.specs())
        with quiet():
            model, _ = tf2onnx.convert.from_function(function, signature.specs(), opset=OPSET)
        self._model = _checked(model)

    def write(self, precision: str) -> bytes:
        """The file in one precision; raises ConversionError."""
        try:
            model = _QUANTIZERS[precision](self._model)
        except Exception as error:  # the quantizer raises its own types
            raise ConversionError(f"the ONNX quantizer failed on {precision}: {str(error)[:200]}") from None
        _shorten_names(model.graph)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())


def _checked(model: Any) -> onnx.ModelProto:
    loops = sorted({node.op_type for node in model.graph.node} & _LOOPS)
    if loops:
        raise ConversionError(f"the ONNX graph holds {', '.join(loops)}, which quantizers break")
    model.producer_name = "edgeword"
    onnx.checker.check_model(model, full_check=True)
    return model


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
