"""Decode mode `window` on the step graph: the window is read again from its beginning, or windows keep in flight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from edgeword.bundle.spec import Spec, Window
from edgeword.decoding.decoder import Prediction, Snapshot
from edgeword.decoding.step_graphs import StepGraphs
from edgeword.decoding.windowed import WindowDecoder, WindowReader
from edgeword.probabilities import Array

if TYPE_CHECKING:
    from edgeword.decoding.batches.batch import BatchDecoder


def keeps_in_flight(window: Window) -> bool:
    """Whether each window of a text is the one before it, moved by one token: the padding of the notebooks."""
    sides = window.padding.side, window.padding.truncating
    return not window.masked and window.fills and window.reads == "end" and sides == ("pre", "pre")


class Replay(WindowReader):
    """The window through the step graph from its beginning, for causal models whose words depend on where that is.

    O(window) a word, but no loop in the graph and no second copy of the weights.
    """

    def __init__(self, graphs: StepGraphs, spec: Spec) -> None:
        self._graphs, self.logits = graphs, graphs.logits
        self._padding, self._masked = spec.window.padding.value, spec.window.masked
        self._reads_text = spec.window.reads == "text"
        self._after_padding = [graphs.start]

    def counts(self, window: list[int]) -> bool:
        """See `WindowReader.counts`."""
        return bool(self._read_of(window))

    def read(self, window: list[int]) -> Prediction:
        """See `WindowReader.read`."""
        ids = self._read_of(window)
        padded = next((index for index, token in enumerate(ids[:-1]) if token != self._padding), len(ids) - 1)
        state = self.padded(padded)
        for token in ids[padded:-1]:
            state = self._graphs.advance(state, token)
        return self._graphs.step(state, ids[-1])

    def _read_of(self, window: list[int]) -> list[int]:
        """The tokens up to the one whose answer counts, without those that the model passes by."""
        if self._masked:
            return [token for token in window if token != self._padding]
        if not self._reads_text:
            return window
        text = next((end for end in range(len(window), 0, -1) if window[end - 1] != self._padding), 0)
        return window[:text]

    def padded(self, count: int) -> Sequence[Array]:
        """The state after `count` padding tokens, computed once each."""
        while len(self._after_padding) <= count:
            after = self._graphs.advance(self._after_padding[-1], self._padding)
            self._after_padding.append([array.copy() for array in after])
        return self._after_padding[count]


class ReplayDecoder:
    """See `Decoder`. The first answer is read from the window's beginning, the next ones by windows in flight.

    To take off costs as much as some words: one answer alone is sooner read.
    """

    def __init__(self, replayed: WindowDecoder, make_flight: Callable[[], BatchDecoder | None]) -> None:
        """`make_flight` makes a batch of one row, or None where the file takes one row at a time."""
        self._replayed, self._make_flight = replayed, make_flight
        self._made: BatchDecoder | None = None
        self._flight: BatchDecoder | None = None
        """Where the text stands, in flight."""
        self._asked = self._moved = False
        """Whether a question was answered, and the text has moved on since."""

    def begin(self, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`."""
        self._replayed.begin(ids)
        self._land()

    def advance(self, token: int) -> None:
        """See `Decoder.advance`."""
        self._replayed.advance(token)
        self._moved = self._asked
        if self._flight is not None:
            self._flight.advance(0, token)

    def logits(self) -> Array:
        """See `Decoder.logits`."""
        flight = self._flying()
        return self._replayed.logits() if flight is None else flight.row_logits(0)

    def greedy(self) -> Prediction:
        """See `Decoder.greedy`."""
        flight = self._flying()
        return self._replayed.greedy() if flight is None else flight.greedy(0)

    def snapshot(self) -> Snapshot:
        """See `Decoder.snapshot`."""
        return self._replayed.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        self._replayed.restore(snapshot)
        self._land()

    def _flying(self) -> BatchDecoder | None:
        self._asked = True
        if self._flight is None and self._moved:
            self._moved = False
            if self._made is None:
                self._made = self._make_flight()
            self._flight = self._made
            if self._flight is not None:
                self._flight.begin(0, self._replayed.snapshot().ids)
        return self._flight

    def _land(self) -> None:
        self._flight, self._asked, self._moved = None, False, False
