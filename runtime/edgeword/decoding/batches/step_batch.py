"""A batch in decode mode `step`: one graph run a word of each of its rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from edgeword.bundle.spec import Spec
from edgeword.decoding.batches.answering import Answering, WideGraph
from edgeword.decoding.decoder import Prediction, Snapshot, checked_id, checked_ids
from edgeword.decoding.signatures import checked
from edgeword.decoding.step_graphs import StepGraphs
from edgeword.engines.engine import Graph
from edgeword.errors import UsageError
from edgeword.probabilities import Array

Ids = Sequence[int] | Array


# So many times more rows than are asked for, and each is asked alone.
_ALONE = 8


class WideStep(WideGraph):
    """The graphs `step` and `advance` with several rows, run on states that stand elsewhere, `[N, …]` each."""

    def __init__(self, step: Graph, advance: Graph, single: StepGraphs, spec: Spec, width: int) -> None:
        super().__init__(checked(step, "step", spec, width), width)
        checked(advance, "advance", spec, width)
        self.start = single.start
        self._names = [state.name for state in spec.states]
        self._step, self._advance, self._single = step, advance, single
        self._alone: list[Prediction] = []
        # Looked up once: these are touched for every word.
        self._advance_tokens = advance.inputs["token"]
        self._into_advance = [advance.inputs[name] for name in self._names]
        self._after_advance = [advance.outputs[f"next_{name}"] for name in self._names]

    def predictions(self, count: int) -> list[Prediction]:
        """See `WideGraph.predictions`."""
        return self._alone or super().predictions(count)

    def leave(self) -> None:
        """See `Tenant.leave`: what the single graphs' buffers held was copied."""

    def step(self, states: Sequence[Array], tokens: Ids, source: Array, target: Array | None = None) -> None:
        """Read a token each and say what comes next: at most as many as there are rows, see `advance`."""
        self._alone = []
        if len(source) * _ALONE > self.width:
            self._run(self._step, states, tokens, source, target)
            return
        self._single.let(self)
        for row, place in enumerate(source):
            before = [state[None, place] for state in states]
            self._alone.append(self._single.step(before, int(tokens[row])))
            self.logits[row] = self._single.logits
            if target is not None:
                for state, after in zip(states, self._single.after_step, strict=True):
                    state[target[row]] = after[0]

    def advance(self, states: Sequence[Array], tokens: Ids, source: Array, target: Array) -> None:
        """Read a token each: the states at the places `source` `[K]`, and one token more, go to `target` `[K]`."""
        for first in range(0, len(source), self.width):
            piece = slice(first, first + self.width)
            self._run(self._advance, states, tokens[piece], source[piece], target[piece])

    def advance_all(self, states: Sequence[Array], token: int, first: int, last: int) -> None:
        """Read one token in all states from a place up to another: without a look-up for each, a tenth is saved."""
        for start in range(first, last, self.width):
            places = slice(start, min(start + self.width, last))
            count = places.stop - start
            for into, state in zip(self._into_advance, states):  # noqa: B905 (strict costs time here)
                np.copyto(into[:count], state[places])
            self._advance_tokens.fill(token)
            self._advance.run()
            for state, after in zip(states, self._after_advance):  # noqa: B905 (strict costs time here)
                np.copyto(state[places], after[:count])

    def _run(self, graph: Graph, states: Sequence[Array], tokens: Ids, source: Array, target: Array | None) -> None:
        count = len(source)
        for name, state in zip(self._names, states, strict=True):
            np.take(state, source, axis=0, out=graph.inputs[name][:count], mode="clip")
        graph.inputs["token"][:count] = tokens
        graph.run()
        if target is not None:
            for name, state in zip(self._names, states, strict=True):
                state[target] = graph.outputs[f"next_{name}"][:count]


class StepBatch(Answering):
    """See `BatchDecoder`. A row is a state and the tokens that the state has not read, the last one among them."""

    def __init__(self, graphs: WideStep, spec: Spec, rows: int) -> None:
        super().__init__(graphs, spec, rows)
        self._graphs = graphs
        self._masked = spec.window.passed_by
        # Two places for each row: where it stands, and where the state after its last token comes.
        self._states = [np.repeat(start, 2 * rows, axis=0) for start in graphs.start]
        self._at = list(range(rows))
        self._unread: list[deque[int]] = [deque() for _ in range(rows)]
        self._is_read = [False] * rows
        """Whether the state after the row's one unread token stands at its other place."""

    def begin(self, row: int, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`."""
        self._stand(row, self._graphs.start, checked_ids(ids, self._vocabulary))

    def advance(self, row: int, token: int) -> None:
        """See `Decoder.advance`."""
        token = checked_id(token, self._vocabulary)
        if token == self._masked:
            return
        unread = self._unread[row]
        if self._is_read[row]:  # the way of every word that is said: no call that it can do without
            self._is_read[row] = False
            self._at[row] = self._other(self._at[row])
            unread[0] = token
            self._held.pop(row, None)
            self._asking[row] = None
            return
        unread.append(token)
        self._line_up(row, len(unread))

    def rest(self, row: int) -> None:
        """See `BatchDecoder.rest`."""
        self._unread[row].clear()
        self._is_read[row] = False
        self._line_up(row, 0)

    def snapshot(self, row: int) -> Snapshot:
        """See `Decoder.snapshot`."""
        while len(self._unread[row]) > 1:
            self.run(row)
        return Snapshot(tuple(self._unread[row]), tuple(state[None, self._at[row]].copy() for state in self._states))

    def restore(self, row: int, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        shapes = [start.shape for start in self._graphs.start]
        if len(snapshot.ids) > 1 or [state.shape for state in snapshot.state] != shapes:
            raise UsageError("the snapshot is of another model; take one from a decoder of this bundle")
        self._stand(row, snapshot.state, checked_ids(snapshot.ids, self._vocabulary))

    def run(self, wanted: int | None = None) -> Sequence[int]:
        """See `BatchDecoder.run`."""
        self._graphs.let(self)
        if rows := self._first_asking(wanted):
            self._answer(rows)
        elif self._reading:
            first = [] if wanted is None else [wanted]
            readers = [*first, *(row for row in self._reading if row != wanted)]
            self._read(readers[: self._graphs.width])
        return rows

    def _answer(self, rows: Sequence[int]) -> None:
        tokens, at, after = self._moves(rows)
        self._held.clear()
        self._graphs.step(self._states, tokens, np.array(at), np.array(after))
        for row in rows:
            self._is_read[row] = True
        self._hold(rows)

    def _read(self, rows: Sequence[int]) -> None:
        tokens, at, after = self._moves(rows)
        self._graphs.advance(self._states, tokens, np.array(at), np.array(after))
        for row, place in zip(rows, after, strict=True):
            self._at[row] = place
            self._unread[row].popleft()
            self._line_up(row, len(self._unread[row]))

    def _stand(self, row: int, state: Sequence[Array], ids: Sequence[int]) -> None:
        for own, given in zip(self._states, state, strict=True):
            own[self._at[row]] = given[0]
        self._unread[row] = deque(token for token in ids if token != self._masked)
        self._is_read[row] = False
        self._line_up(row, len(self._unread[row]))

    def _moves(self, rows: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
        """The token that each row reads next, the place where it stands, and the one that it goes to."""
        at = [self._at[row] for row in rows]
        return [self._unread[row][0] for row in rows], at, [self._other(place) for place in at]

    def _other(self, place: int) -> int:
        """The second of a row's two places."""
        return place + self.rows if place < self.rows else place - self.rows

    def _is_empty(self, row: int) -> bool:
        return not self._unread[row]
