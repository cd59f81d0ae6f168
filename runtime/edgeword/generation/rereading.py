"""A text that is read again as it was written: what was said enters the context as the tokenizer reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeword.decoding.decoder import Decoder, Prediction, Snapshot
from edgeword.probabilities import Array


class Rereading:
    """A decoder of a model that says more words than its tokenizer reads (`num_words`).

    Its owner's loop appends a word to the text and tokenizes the text again, so that such a word never enters the
    context, or does as an unknown one.
    """

    def __init__(self, decoder: Decoder, reread: Callable[[int], Sequence[int]]) -> None:
        self._decoder, self._reread = decoder, reread

    def begin(self, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`: a prompt was tokenized already."""
        self._decoder.begin(ids)

    def advance(self, token: int) -> None:
        """See `Decoder.advance`."""
        for read in self._reread(token):
            self._decoder.advance(read)

    def logits(self) -> Array:
        """See `Decoder.logits`."""
        return self._decoder.logits()

    def greedy(self) -> Prediction:
        """See `Decoder.greedy`."""
        return self._decoder.greedy()

    def snapshot(self) -> Snapshot:
        """See `Decoder.snapshot`."""
        return self._decoder.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        self._decoder.restore(snapshot)
