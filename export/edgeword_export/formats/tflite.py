"""Signatures to TFLite files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from keras.export import ExportArchive

from edgeword_export.errors import ConversionError
from edgeword_export.formats.tflite_int4 import round_weights
from edgeword_export.formats.tflite_model import parsed
from edgeword_export.formats.tied_tables import share_tied_tables
from edgeword_export.formats.weight_reads import Operator, Weight, weights_read
from edgeword_export.formats.writer import Inputs, Writer
from edgeword_export.graphs.calibration import Sample, Samples
from edgeword_export.graphs.rows import alone
from edgeword_export.graphs.signature import BARE, PLAIN, ROWS, ROWS_4, TOKEN_INPUTS, Signatures, Style

# Variables that are read when the graph runs, instead of being in the file.
_VARIABLES = {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"}
_OPS = tf.lite.OpsSet


class TFLiteWriter(Writer):
    """Signatures to one TFLite file, in which they share the weights."""

    format = "tflite"

    def __init__(self, signatures: Signatures) -> None:
        super().__init__(signatures)
        self._saved: dict[Style, tempfile.TemporaryDirectory[str]] = {}

    def make(self, precision: str, samples: Samples) -> bytes:
        """See `Writer.make`."""
        content = _RECIPES[precision](self, samples)
        check_operators(content)
        return content

    def inputs(self, content: bytes) -> Mapping[str, Inputs]:
        """See `Writer.inputs`."""
        model = parsed(content)
        return {item.signatureKey.decode(): _inputs(model, item) for item in model.signatureDefs}

    def weights_read(self, content: bytes) -> int:
        """See `Writer.weights_read`."""
        model = parsed(content)
        signature = next(item for item in model.signatureDefs if item.signatureKey.decode() in ("step", "window"))
        graph = model.subgraphs[signature.subgraphIndex]
        run = [graph, *_bodies(model, graph)]
        operators = [_operator(model, each, operator) for each in run for operator in each.operators]
        weights = {
            _tensor_name(model, each, index): Weight(size + _scale_bytes(model, each, tensor), (*_shape(tensor), 1)[0])
            for each in run
            for index, tensor in enumerate(each.tensors)
            if (size := _size_bytes(model, tensor))
        }
        tokens = next(item.tensorIndex for item in signature.inputs if item.name.decode() in TOKEN_INPUTS)
        return weights_read(operators, weights, _shape(graph.tensors[tokens])[-1])

    def convert(self, style: Style, **settings: Any) -> bytes:
        """Run the TFLite converter with some of its settings.

        Where rows are free at the price of shapes that are computed in each run, they are not.
        """
        content = self._convert(style, settings)
        return self._convert(alone(style), settings) if style.free_rows and "SHAPE" in operators(content) else content

    def _convert(self, style: Style, settings: Mapping[str, Any]) -> bytes:
        names = self._save(style)
        converter = tf.lite.TFLiteConverter.from_saved_model(self._saved[style].name, signature_keys=names)
        for name, value in settings.items():
            setattr(converter, name, value)
        return bytes(converter.convert())

    def calibrated(self, samples: Samples, *operators: Any) -> dict[str, Any]:
        """Settings for a fully quantized graph; what an operator set lacks stays in float32."""
        spec = tf.lite.TargetSpec(supported_ops=[*operators, _OPS.TFLITE_BUILTINS])

        def dataset() -> Iterator[Sample]:
            names = self._save(BARE)
            yield from (sample for sample in samples() if sample[0] in names)

        return {"optimizations": [tf.lite.Optimize.DEFAULT], "representative_dataset": dataset, "target_spec": spec}

    def _save(self, style: Style) -> list[str]:
        signatures = self.signatures(style)
        if not style.greedy:
            # The static quantizer corrupts a table that two graphs share; `step` reads prompts as well.
            signatures = signatures[:1]
        if style not in self._saved:
            archive = ExportArchive()
            # An endpoint's variables must be tracked: without it the file has none of the weights, and runs.
            archive.track(signatures[0].tracked)
            for signature in signatures:
                archive.add_endpoint(signature.name, signature.function(), input_signature=signature.specs())
            folder = tempfile.TemporaryDirectory(prefix="edgeword-")
            archive.write_out(folder.name, verbose=False)
            self._saved[style] = folder
        return [signature.name for signature in signatures]


def _float32(writer: TFLiteWriter, _samples: Samples) -> bytes:
    return writer.convert(PLAIN)


def _float16(writer: TFLiteWriter, _samples: Samples) -> bytes:
    spec = tf.lite.TargetSpec(supported_types=[tf.float16])
    return writer.convert(PLAIN, optimizations=[tf.lite.Optimize.DEFAULT], target_spec=spec)


def _dynamic_int8(writer: TFLiteWriter, _samples: Samples) -> bytes:
    """Weights int8 with a scale a channel; activations are quantized while the graph runs."""
    return share_tied_tables(writer.convert(ROWS, optimizations=[tf.lite.Optimize.DEFAULT]))


def _dynamic_int8_per_tensor(writer: TFLiteWriter, _samples: Samples) -> bytes:
    """One scale a tensor: the form that tflite-runtime 2.14 knows."""
    return writer.convert(
        ROWS,
        optimizations=[tf.lite.Optimize.DEFAULT],
        _experimental_disable_per_channel_quantization_for_dense_layers=True,
    )


def _static_int8(writer: TFLiteWriter, samples: Samples) -> bytes:
    return writer.convert(BARE, **writer.calibrated(samples, _OPS.TFLITE_BUILTINS_INT8))


def _int16x8(writer: TFLiteWriter, samples: Samples) -> bytes:
    return writer.convert(
        BARE, **writer.calibrated(samples, _OPS.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8)
    )


def _int4(writer: TFLiteWriter, samples: Samples) -> bytes:
    """Weights int4 in blocks with a scale each, or in channels where their length is no multiple of a block."""
    return round_weights(writer.convert(ROWS_4), samples)


_RECIPES: dict[str, Callable[[TFLiteWriter, Samples], bytes]] = {
    "float32": _float32,
    "float16": _float16,
    "dynamic-int8": _dynamic_int8,
    "dynamic-int8-per-tensor": _dynamic_int8_per_tensor,
    "static-int8": _static_int8,
    "int16x8": _int16x8,
    "int4": _int4,
}


def operators(content: bytes) -> set[str]:
    """The operators of a TFLite file, over all of its graphs; custom and Flex operators by their own names."""
    return set(map(_operator_name, parsed(content).operatorCodes))


_TYPES: dict[int, str] = {
    value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)
}
_BUILTINS: dict[int, str] = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}


def _operator_name(code: Any) -> str:
    if code.customCode:
        return str(code.customCode.decode())
    return _BUILTINS[max(code.builtinCode, code.deprecatedBuiltinCode)]


def _operator(model: Any, graph: Any, operator: Any) -> Operator:
    inputs, outputs = (
        [_tensor_name(model, graph, index) for index in tensors if index >= 0]
        for tensors in (operator.inputs, operator.outputs)
    )
    return Operator(_operator_name(model.operatorCodes[operator.opcodeIndex]), inputs, outputs)


def _tensor_name(model: Any, graph: Any, index: int) -> str:
    """Weights by where they stand in the file, where graphs and calls of one layer share them."""
    tensor = graph.tensors[index]
    return f"weights {tensor.buffer}" if _size_bytes(model, tensor) else f"{id(graph)} {index}"


def _bodies(model: Any, graph: Any) -> list[Any]:
    """What a graph's loops run."""
    kinds = map(_operator_name, model.operatorCodes)
    loops = [number for number, kind in enumerate(kinds) if kind == "WHILE"]
    return [
        model.subgraphs[operator.builtinOptions.bodySubgraphIndex]
        for operator in graph.operators
        if operator.opcodeIndex in loops
    ]


def _size_bytes(model: Any, tensor: Any) -> int:
    """What a constant takes in the file; some writers put the values behind the rest. 0: it is none."""
    buffer = model.buffers[tensor.buffer]
    return int(buffer.size if buffer.data is None else len(buffer.data))


def _scale_bytes(model: Any, graph: Any, tensor: Any) -> int:
    """The float32 scales of a tensor's channels, or the tensor of the scales of its blocks."""
    found = tensor.quantization
    if found is None:
        return 0
    if isinstance(found.details, schema.BlockwiseQuantizationT):
        return _size_bytes(model, graph.tensors[found.details.scales])
    return 4 * len(found.scale) if found.scale is not None else 0


def _inputs(model: Any, signature: Any) -> Inputs:
    """The inputs of a signature, and those of its graph that the signature does not name."""
    graph = model.subgraphs[signature.subgraphIndex]
    names = {item.tensorIndex: item.name.decode() for item in signature.inputs}
    found = {}
    for index in graph.inputs:
        tensor = graph.tensors[index]
        name = names.get(index, (tensor.name or b"").decode())
        free = tensor.shapeSignature if tensor.shapeSignature is not None else _shape(tensor)
        shape = tuple(None if size < 0 else int(size) for size in free)
        found[name] = (_TYPES.get(tensor.type, "another type"), shape)
    return found


def _shape(tensor: Any) -> list[int]:
    return [] if tensor.shape is None else [int(size) for size in tensor.shape]


def check_operators(content: bytes) -> None:
    """Refuse a file that needs more than the built-in operators, or that lost its weights."""
    found = operators(content)
    builtin = {name for name in vars(schema.BuiltinOperator) if name.isupper()} - {"CUSTOM", "DELEGATE"}
    foreign = sorted(name for name in found if name.startswith("Flex") or name not in builtin)
    if foreign:
        raise ConversionError(f"the file needs {', '.join(foreign)}, which is no built-in operator of TFLite")
    if found & _VARIABLES:
        names = ", ".join(sorted(found & _VARIABLES))
        raise ConversionError(f"the file reads its weights through {names}: they are not in it")
