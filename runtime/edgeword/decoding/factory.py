"""From a loaded variant and its spec to decoders, of one text and of several."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from edgeword.bundle.spec import Spec
from edgeword.decoding.decoder import Decoder
from edgeword.decoding.replay import Replay, ReplayDecoder, keeps_in_flight
from edgeword.decoding.step import StepDecoder
from edgeword.decoding.step_graphs import StepGraphs
from edgeword.decoding.windowed import WindowDecoder, WindowGraph
from edgeword.engines.engine import LoadedVariant

if TYPE_CHECKING:  # a cold start reads one text
    from edgeword.decoding.batches.batch import BatchDecoder
    from edgeword.decoding.batches.step_batch import WideStep
    from edgeword.decoding.batches.window_batch import WideWindow

DecoderFactory = Callable[[], Decoder]

# Rows of one run. A word of a row took 1 / 9 of the time of one alone at 32 rows, 1 / 5 at 8, and no less at 64 (10,000
# words, 512 units, dynamic-int8, LiteRT; float32: 1 / 6 and 1 / 4; in ONNX Runtime, float32, 1 / 11 and 1 / 6).
WIDEST = 32


class Decoders:
    """Makes decoders on a loaded variant, which share its graphs.

    Raises EngineError for a file without the graphs of the spec's decode mode, or with tensors that are not the
    spec's. What the wider graphs of batches take is taken when the first one of a width is made.
    """

    def __init__(self, loaded: LoadedVariant, spec: Spec) -> None:
        self._loaded, self._spec = loaded, spec
        self._wide_steps: dict[int, WideStep | None] = {}
        self._wide_windows: dict[int, WideWindow | None] = {}
        _ = self._reader if spec.decode.mode == "window" else self._graphs

    def decoder(self) -> Decoder:
        """A decoder of its own, at the empty text."""
        if self._spec.decode.mode == "step":
            return StepDecoder(self._graphs, self._spec)
        decoder = WindowDecoder(self._reader, self._spec)
        if isinstance(self._reader, Replay) and keeps_in_flight(self._spec.window):
            return ReplayDecoder(decoder, self._flight)
        return decoder

    def batch(self, rows: int) -> BatchDecoder | None:
        """A batch of so many rows; None where the file takes one text at a time."""
        # A few widths serve all numbers of rows.
        width = min(1 << (rows - 1).bit_length(), WIDEST)
        if width == 1:
            return None
        if self._spec.decode.graph == "window":
            return self._windows(width, rows)
        return self._replay(width, rows) if self._spec.decode.mode == "window" else self._steps(width, rows)

    @cached_property
    def _graphs(self) -> StepGraphs:
        return StepGraphs(self._loaded, self._spec)

    @cached_property
    def _reader(self) -> WindowGraph | Replay:
        if self._spec.decode.graph == "window":
            return WindowGraph(self._loaded, self._spec)
        return Replay(self._graphs, self._spec)

    def _flight(self) -> BatchDecoder | None:
        """One text, whose windows in flight fill as few runs as they can."""
        windows = (self._spec.window.length or 1) - 1
        runs = -(-windows // WIDEST)
        return self._replay(-(-windows // runs), 1) if runs and windows > 1 else None

    def _windows(self, width: int, rows: int) -> BatchDecoder | None:
        from edgeword.decoding.batches.window_batch import WindowBatch

        window = self._wide_window(width)
        return None if window is None else WindowBatch(window, self._spec, rows)

    def _steps(self, width: int, rows: int) -> BatchDecoder | None:
        from edgeword.decoding.batches.step_batch import StepBatch

        step = self._wide_step(width)
        return None if step is None else StepBatch(step, self._spec, rows)

    def _replay(self, width: int, rows: int) -> BatchDecoder | None:
        step = self._wide_step(width) if keeps_in_flight(self._spec.window) else None
        if step is None or not isinstance(self._reader, Replay):
            return None
        from edgeword.decoding.batches.replay_batch import ReplayBatch

        padded = [self._reader.padded(count) for count in range(self._spec.window.length or 1)]
        return ReplayBatch(step, padded, self._spec, rows)

    def _wide_step(self, width: int) -> WideStep | None:
        from edgeword.decoding.batches.step_batch import WideStep

        if width not in self._wide_steps:
            step, advance = self._loaded.wide("step", width), self._loaded.wide("advance", width)
            wide = None if step is None or advance is None else WideStep(step, advance, self._graphs, self._spec, width)
            self._wide_steps[width] = wide
        return self._wide_steps[width]

    def _wide_window(self, width: int) -> WideWindow | None:
        from edgeword.decoding.batches.window_batch import WideWindow

        if width not in self._wide_windows:
            window = self._loaded.wide("window", width)
            self._wide_windows[width] = None if window is None else WideWindow(window, self._spec, width)
        return self._wide_windows[width]


def decoder_factory(loaded: LoadedVariant, spec: Spec) -> DecoderFactory:
    """Decoders of one text each; see `Decoders`."""
    return Decoders(loaded, spec).decoder
