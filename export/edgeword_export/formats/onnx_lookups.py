"""Lookups in tables of integers in an ONNX graph, as `graphs.lookup` writes them: `row * (scale * unit)`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeword_export.formats.graph_reader import GraphReader


@dataclass(frozen=True)
class TableLookup:
    """The nodes of one lookup and what they hold."""

    gather: onnx.NodeProto
    """Of rows of the table."""
    end: onnx.NodeProto
    """Mul of the rows and their scales: what was looked up."""
    factor: str
    """The tensor of these scales, one for each row."""
    rows: NDArray[np.int8]
    """`[V, E]`"""
    scales: NDArray[np.float32]
    """`[V, 1]`"""


def table_lookup(reader: GraphReader, gather: onnx.NodeProto) -> TableLookup | None:
    """The lookup that begins with a Gather; None of another node, or where the pattern is another."""
    rows = reader.values(gather.input[0], np.int8) if gather.op_type == "Gather" else None
    cast = reader.user(gather.output[0], "Cast")
    end = reader.user(cast.output[0], "Mul") if cast else None
    if rows is None or cast is None or end is None:
        return None
    factor = reader.other_input(end, cast.output[0])
    scaled = reader.maker(factor, "Mul")
    steps = reader.maker(scaled.input[0], "Cast") if scaled else None
    looked_up = reader.maker(steps.input[0], "Gather") if steps else None
    scales = reader.values(looked_up.input[0], np.int32) if looked_up else None
    unit = reader.values(scaled.input[1], np.float32) if scaled else None
    if scales is None or unit is None or scales.shape != (len(rows), 1) or unit.size != 1:
        return None
    return TableLookup(gather, end, factor, rows, np.asarray(scales * unit, np.float32).reshape(-1, 1))
