"""Decode mode `step`: one graph run a word, with the state carried along. O(1) a word."""

from __future__ import annotations

from collections.abc import Sequence

from edgeword.bundle.spec import Spec
from edgeword.decoding.decoder import Prediction, Snapshot, checked_id, checked_ids
from edgeword.decoding.empty import EmptyAnswer
from edgeword.decoding.shared import finite
from edgeword.decoding.step_graphs import StepGraphs
from edgeword.errors import UsageError
from edgeword.probabilities import Array


class StepDecoder:
    """See `Decoder`. The text is a state and the one token that the state has not read."""

    _state: Sequence[Array]
    """Read and never written; the graphs' own buffers where this decoder ran last."""
    _token: int | None
    """Not read by the state yet; None before the first."""
    _is_answered: bool
    """Whether the graphs hold what comes next: then the state before the token stands in their inputs."""
    _prediction: Prediction
    _after: Sequence[Array] | None
    """The state after the token, where it was known when another decoder ran the graphs."""

    def __init__(self, graphs: StepGraphs, spec: Spec) -> None:
        self._graphs, self._vocabulary = graphs, spec.vocabulary
        self._empty = EmptyAnswer(spec)
        # Keras passes a masked position by: the state stays, and so does the prediction.
        self._masked = spec.window.passed_by
        self._stand(graphs.start, None)

    def begin(self, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`."""
        tokens = checked_ids(ids, self._vocabulary)
        self._stand(self._graphs.start, None)
        for token in tokens:
            self.advance(token)

    def advance(self, token: int) -> None:
        """See `Decoder.advance`."""
        if type(token) is not int or not 0 <= token < self._vocabulary:
            token = checked_id(token, self._vocabulary)
        if token == self._masked:
            return
        if self._is_answered:  # the way of every word that is said: no call that it can do without
            self._state, self._is_answered = self._graphs.after_step, False
        elif self._after is not None:
            self._state, self._after = self._after, None
        elif self._token is not None:
            self._graphs.let(self)
            self._state = self._graphs.advance(self._state, self._token)
        self._token = token

    def logits(self) -> Array:
        """See `Decoder.logits`."""
        if self._token is None:
            return self._empty.logits()
        self.greedy()
        return finite(self._graphs.logits.copy())

    def greedy(self) -> Prediction:
        """See `Decoder.greedy`."""
        if not self._is_answered:
            if self._token is None:
                return self._empty.greedy
            self._graphs.let(self)
            self._prediction = self._graphs.step(self._state, self._token)
            self._is_answered, self._after = True, None
        return self._prediction

    def snapshot(self) -> Snapshot:
        """See `Decoder.snapshot`."""
        ids = () if self._token is None else (self._token,)
        return Snapshot(ids, tuple(array.copy() for array in self._state_before()))

    def restore(self, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        shapes = [array.shape for array in self._graphs.start]
        if len(snapshot.ids) > 1 or [array.shape for array in snapshot.state] != shapes:
            raise UsageError("the snapshot is of another model; take one from a decoder of this bundle")
        tokens = checked_ids(snapshot.ids, self._vocabulary)
        self._stand(snapshot.state, tokens[0] if tokens else None)

    def leave(self) -> None:
        """See `Tenant.leave`."""
        after = [array.copy() for array in self._graphs.after_step] if self._is_answered else self._after
        self._stand([array.copy() for array in self._state_before()], self._token)
        self._after = after

    def _stand(self, state: Sequence[Array], token: int | None) -> None:
        """Be at this state, which is read and never written, with a token that it has not read."""
        self._state, self._token, self._is_answered, self._after = state, token, False, None

    def _state_before(self) -> Sequence[Array]:
        """The state that has not read the token."""
        return self._graphs.before_step if self._is_answered else self._state
