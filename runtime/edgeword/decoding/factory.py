"""From a loaded variant and its spec to decoders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from edgeword.bundle.spec import Spec
from edgeword.decoding.decoder import Decoder
from edgeword.decoding.step import StepDecoder
from edgeword.decoding.step_graphs import StepGraphs
from edgeword.decoding.windowed import Replay, WindowDecoder, WindowGraph
from edgeword.engines.engine import LoadedVariant

DecoderFactory = Callable[[], Decoder]


def decoder_factory(loaded: LoadedVariant, spec: Spec) -> DecoderFactory:
    """Load the graphs of the spec's decode mode; each call of the result makes a decoder on them.

    Raises EngineError for a file without these graphs, or with tensors that are not the spec's.
    """
    if spec.decode.graph == "window":
        return partial(WindowDecoder, WindowGraph(loaded, spec), spec)
    graphs = StepGraphs(loaded, spec)
    if spec.decode.mode == "window":
        return partial(WindowDecoder, Replay(graphs, spec), spec)
    return partial(StepDecoder, graphs, spec)
