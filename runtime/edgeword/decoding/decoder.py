"""The protocol of a decoder: where one text stands in a model, and what the model says there.

A decoder owns its state and its logits: several on the same graphs never see each other's. What is said next is
decided elsewhere (`edgeword.generation`).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from edgeword.errors import UsageError
from edgeword.frozen import frozen_identity
from edgeword.probabilities import Array

Prediction = tuple[int, float]
"""The greedy next token and its natural log-probability."""


@frozen_identity
class Snapshot:
    """Where a text stands; another decoder of the same spec, on any engine and precision, can go on from it."""

    ids: tuple[int, ...]
    """Tokens that `state` has not read: the last one in decode mode `step`, those of the window in `window`."""
    state: tuple[Array, ...]
    """The step graph's states, float32; empty in decode mode `window`."""


class Decoder(Protocol):
    """One text in a model. Before `begin` it stands at the empty text."""

    def begin(self, ids: Sequence[int] = ()) -> None:
        """Forget all and read a context; an empty one stands for a window of nothing but padding.

        Raises UsageError, a ValueError, for what is no id of the vocabulary; nothing is forgotten then.
        """
        ...

    def advance(self, token: int) -> None:
        """Read one token more; raises UsageError for what is no id of the vocabulary."""
        ...

    def logits(self) -> Array:
        """What comes next, float32 `[V]`: the caller's own copy; raises EngineError where it is NaN or infinite."""
        ...

    def greedy(self) -> Prediction:
        """The most probable next token, by the graph's own argmax where it has one; raises EngineError as `logits`."""
        ...

    def snapshot(self) -> Snapshot:
        """Where the text stands."""
        ...

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from there; raises UsageError for a snapshot of another spec."""
        ...


def checked_id(token: Any, vocabulary: int) -> int:
    """An id below `vocabulary` as an int; raises UsageError for anything else, true and false among it."""
    if type(token) is int and 0 <= token < vocabulary:  # every word that is said
        return token
    try:
        number = -1 if isinstance(token, bool) else operator.index(token)
    except TypeError:
        number = -1
    if not 0 <= number < vocabulary:
        raise UsageError(
            f"the token {token!r} is no id of the vocabulary; give whole numbers from 0 to {vocabulary - 1}"
        )
    return number


def checked_ids(tokens: Iterable[Any], vocabulary: int) -> list[int]:
    """Each of them checked; raises UsageError."""
    return [checked_id(token, vocabulary) for token in tokens]
