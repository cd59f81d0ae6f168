"""From a loaded variant and its spec to decoders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from edgeword.bundle.spec import Spec
from edgeword.decoding.answering import WideGraph
from edgeword.decoding.batch import BatchDecoder
from edgeword.decoding.decoder import Decoder
from edgeword.decoding.step import StepDecoder
from edgeword.decoding.step_batch import StepBatch, WideStep
from edgeword.decoding.step_graphs import StepGraphs
from edgeword.decoding.window_batch import WideWindow, WindowBatch
from edgeword.decoding.windowed import Replay, WindowDecoder, WindowGraph
from edgeword.engines.engine import LoadedVariant

DecoderFactory = Callable[[], Decoder]
BatchFactory = Callable[[int], BatchDecoder | None]
"""Rows → a batch of so many; None where the file takes one text at a time."""

# Rows of one run. A word of a row took 1 / 9 of the time of one alone at 32 rows, 1 / 5 at 8, and no less at 64 (10,000
# words, 512 units, dynamic-int8, LiteRT; float32: 1 / 6 and 1 / 4; in ONNX Runtime, float32, 1 / 11 and 1 / 6).
WIDEST = 32


def decoder_factory(loaded: LoadedVariant, spec: Spec) -> DecoderFactory:
    """Load the graphs of the spec's decode mode; each call of the result makes a decoder on them.

    Raises EngineError for a file without these graphs, BundleError for tensors that are not the spec's.
    """
    if spec.decode.graph == "window":
        return partial(WindowDecoder, WindowGraph(loaded, spec), spec)
    graphs = StepGraphs(loaded, spec)
    if spec.decode.mode == "window":
        return partial(WindowDecoder, Replay(graphs, spec), spec)
    return partial(StepDecoder, graphs, spec)


def batch_factory(loaded: LoadedVariant, spec: Spec) -> BatchFactory:
    """Each call of the result makes a batch; what the wider graphs take is taken at the first one of a width.

    A call raises EngineError or BundleError as `decoder_factory` does.
    """
    wide_graphs: dict[int, WideGraph | None] = {}

    def make(rows: int) -> BatchDecoder | None:
        # A few widths serve all numbers of rows.
        width = min(1 << (rows - 1).bit_length(), WIDEST)
        if width not in wide_graphs:
            wide_graphs[width] = _wide(loaded, spec, width) if width > 1 else None
        graph = wide_graphs[width]
        if isinstance(graph, WideStep):
            return StepBatch(graph, spec, rows)
        return WindowBatch(graph, spec, rows) if isinstance(graph, WideWindow) else None

    return make


def _wide(loaded: LoadedVariant, spec: Spec, width: int) -> WideGraph | None:
    if spec.decode.graph == "window":
        window = loaded.wide("window", width)
        return None if window is None else WideWindow(window, spec, width)
    step, advance = loaded.wide("step", width), loaded.wide("advance", width)
    if step is None or advance is None or spec.decode.mode == "window":
        return None
    return WideStep(step, advance, spec, width)
