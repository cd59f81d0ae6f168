"""A batch in decode mode `window` on the step graph: the windows in flight advance as rows of one run.

A window begins at each token of a text and ends L tokens later. Replayed, each reads its tokens again from the first
one on; in flight, each that has begun keeps the state that it has reached. A word is then one run that reads its token
in L - 1 windows, and one that asks the oldest of them, instead of L runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from edgeword.bundle.spec import Spec
from edgeword.decoding.batches.step_batch import WideStep
from edgeword.decoding.batches.windows import Windows
from edgeword.decoding.decoder import checked_id
from edgeword.probabilities import Array


class ReplayBatch(Windows):
    """See `BatchDecoder`. A row is the windows that have begun, and the tokens that they have not read."""

    def __init__(self, graphs: WideStep, padded: Sequence[Sequence[Array]], spec: Spec, rows: int) -> None:
        """`padded` is the states after 0, 1 … L - 1 tokens of padding, `[1, …]` each."""
        super().__init__(graphs, spec, rows)
        self._graphs = graphs
        self._flying = len(padded) - 1
        # The oldest window first, and at the end one that has read nothing.
        self._padded = [
            np.concatenate([states[place] for states in reversed(padded)]) for place in range(len(padded[0]))
        ]
        self._states = [np.concatenate([states[:-1]] * rows + [states[-1:]]) for states in self._padded]
        self._start = rows * self._flying
        self._oldest = [0] * rows
        self._unread = [deque[int]() for _ in range(rows)]
        for row in range(rows):
            self.begin(row)
            self.rest(row)

    def advance(self, row: int, token: int) -> None:
        """See `Decoder.advance`."""
        token = checked_id(token, self._vocabulary)
        known, unread = self._ids[row], self._unread[row]
        if not known or len(unread) >= self._length:
            self._stand(row, [*known, token])
            return
        self._ids[row] = [*known, token][-self._length :]
        unread.append(token)
        self._line_up(row, len(unread))

    def run(self, wanted: int | None = None) -> Sequence[int]:
        """See `BatchDecoder.run`: reading is one run for each full set of windows."""
        self._graphs.let(self)
        if rows := self._first_asking(wanted):
            self._answer(rows)
        elif self._reading:
            self._read(list(self._reading))
        return rows

    def _answer(self, rows: Sequence[int]) -> None:
        """Ask the windows that end with the last token."""
        oldest = [self._place_of(row) for row in rows]
        self._held.clear()
        self._graphs.step(self._states, [self._unread[row][0] for row in rows], np.array(oldest))
        self._hold(rows)

    def _read(self, rows: Sequence[int]) -> None:
        """Read a token in all windows: the oldest ends with it, and in its place one begins with it."""
        tokens = [self._unread[row].popleft() for row in rows]
        for row in rows:
            self._line_up(row, len(self._unread[row]))
            if self._flying:
                for states in self._states:
                    states[self._place_of(row)] = states[self._start]
                self._oldest[row] = (self._oldest[row] + 1) % self._flying
        if len(rows) == 1:
            first = rows[0] * self._flying
            self._graphs.advance_all(self._states, tokens[0], first, first + self._flying)
        elif self._flying:
            places = (np.array(rows)[:, None] * self._flying + np.arange(self._flying)).reshape(-1)
            self._graphs.advance(self._states, np.repeat(tokens, self._flying), places, places)

    def _place_of(self, row: int) -> int:
        """Where the state of the row's oldest window stands."""
        return row * self._flying + self._oldest[row] if self._flying else self._start

    def _stand(self, row: int, ids: Sequence[int]) -> None:
        self._ids[row] = self._window.padding.kept(ids, self._length)
        # Reading padding in windows of padding changes none of them.
        self._unread[row] = deque(self._ids[row] or [self._window.padding.value])
        self._oldest[row] = 0
        for states, padded in zip(self._states, self._padded, strict=True):
            states[row * self._flying : (row + 1) * self._flying] = padded[:-1]
        self._line_up(row, len(self._unread[row]))

    def _is_empty(self, row: int) -> bool:  # noqa: ARG002
        """A window of padding is read as any other."""
        return False
