"""A TFLite file as objects that can be changed, and back."""

from __future__ import annotations

from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"


def parsed(content: bytes) -> Any:
    """The schema's `ModelT`."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def packed(model: Any, size: int) -> bytes:
    """The bytes of a model, about so many."""
    builder = flatbuffers.Builder(size)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())
