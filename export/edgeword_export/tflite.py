"""Signatures to TFLite files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from keras.export import ExportArchive

from edgeword_export.errors import ConversionError
from edgeword_export.quiet import quiet
from edgeword_export.signature import Signature


def _float32(_converter: tf.lite.TFLiteConverter) -> None:
    """The weights as they are."""


def _dynamic_int8(converter: tf.lite.TFLiteConverter) -> None:
    """Weights int8 with a scale a channel; activations are quantized while the graph runs."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


_SETTINGS: dict[str, Callable[[tf.lite.TFLiteConverter], None]] = {
    "float32": _float32,
    "dynamic-int8": _dynamic_int8,
}


class TFLiteWriter:
    """Traces signatures once, then writes them in any precision; the signatures share one copy of the weights."""

    format = "tflite"

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self._names = [signature.name for signature in signatures]
        self._folder = tempfile.TemporaryDirectory(prefix="edgeword-")
        archive = ExportArchive()
        # An endpoint's variables must be tracked: without it the file has none of the weights, and runs.
        archive.track(signatures[0].tracked)
        for signature in signatures:
            archive.add_endpoint(signature.name, signature.function(), input_signature=signature.specs())
        with quiet():
            archive.write_out(self._folder.name, verbose=False)

    def write(self, precision: str) -> bytes:
        """The file in one precision; raises ConversionError."""
        converter = tf.lite.TFLiteConverter.from_saved_model(self._folder.name, signature_keys=self._names)
        _SETTINGS[precision](converter)
        try:
            with quiet():
                content = bytes(converter.convert())
        except Exception as error:  # the converter raises its own types, with a page of text
            raise ConversionError(f"the TFLite converter failed on {precision}: {str(error)[:200]}") from None
        check_operators(content)
        return content


def operators(content: bytes) -> set[str]:
    """The operators of a TFLite file, over all of its graphs; custom and Flex operators by their own names."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    return {_operator_name(code, names) for code in model.operatorCodes}


def _operator_name(code: Any, names: dict[int, str]) -> str:
    if code.customCode:
        return str(code.customCode.decode())
    return names[max(code.builtinCode, code.deprecatedBuiltinCode)]


def check_operators(content: bytes) -> None:
    """Refuse a file that needs more than the built-in operators, or that lost its weights."""
    found = operators(content)
    foreign = sorted(name for name in found if name.startswith("Flex") or name not in _builtin_names())
    if foreign:
        raise ConversionError(f"the file needs {', '.join(foreign)}, which is no built-in operator of TFLite")
    variables = found & {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"}
    if variables:
        raise ConversionError(f"the file reads its weights through {', '.join(sorted(variables))}: they are not in it")


def _builtin_names() -> set[str]:
    from ai_edge_litert import schema_py_generated as schema

    return {name for name in vars(schema.BuiltinOperator) if name.isupper()} - {"CUSTOM", "DELEGATE"}
