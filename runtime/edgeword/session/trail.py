"""Where a text stands in a model, and where it stood before its last words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from edgeword.decoding.decoder import Decoder, Prediction, Snapshot
from edgeword.generation.options import GenerationOptions
from edgeword.generation.searching import Search
from edgeword.generation.speaking import Speaker
from edgeword.probabilities import Array
from edgeword.sharing import Shared

# How many tokens can be taken back without reading anything again.
KEPT = 64
NO_ID = -1
"""Stands for a token that the tokenizer gives no id, and that the model never reads."""

Answer = tuple[Array, Prediction]
"""What comes next: logits float32 `[V]`, and the most probable token."""


class Trail:
    """The tokens of a text, and the decoder's snapshots after each of the last ones; `start` stands before them.

    A snapshot goes to every engine, so a forked process goes on where its parent stood. Takes its turn at the shared
    model only where the engine runs.
    """

    def __init__(
        self, shared: Shared, start: Sequence[int], tokens: Sequence[int] = (), snapshot: Snapshot | None = None
    ) -> None:
        self._shared, self._before = shared, start
        with shared as speaker:
            self._speaker, self._decoder = speaker, speaker.decoder()
            if start:
                self._decoder.begin(start)
            self._start = self._decoder.snapshot()
            if snapshot is not None:
                self._decoder.restore(snapshot)
        self._at: Snapshot | None = snapshot or self._start
        """Where the decoder stands, as far as is known."""
        self._places = deque([self._at], KEPT + 1)
        """The last one is where the text stands."""
        self._answer: tuple[Snapshot, Sequence[int], Answer] | None = None
        self.tokens = list(tokens)
        """Ids of all tokens, `NO_ID` among them."""
        self.ids = _known(tokens)
        """Ids of those that have one."""

    @property
    def place(self) -> Snapshot:
        """Where the text stands."""
        return self._places[-1]

    def read(self, tokens: Sequence[int]) -> None:
        """Append tokens, each with one run of the engine; where one fails, nothing is appended."""
        if tokens:
            self._places = self._read(tokens, self._places.copy())
            self.tokens += tokens
            self.ids += _known(tokens)

    def back(self, count: int) -> None:
        """Take the last `count` tokens away: by the kept snapshots, or, further back, by reading what is left."""
        left = self.tokens[: len(self.tokens) - count]
        if count < len(self._places):
            for _ in range(count):
                self._places.pop()
        else:
            self._places = self._read(left, deque([self._start], KEPT + 1))
        del self.ids[len(self.ids) - len(_known(self.tokens[len(left) :])) :]
        self.tokens = left

    def answer(self, ahead: Sequence[int] = ()) -> Answer:
        """What comes next where the text stands, or would stand after the ids `ahead`; computed once each."""
        last = self._answer
        if last is not None and last[0] is self.place and last[1] == ahead:
            return last[2]
        with self._shared as speaker:
            decoder = speaker.resumed(self.place, ahead) if ahead else self._standing(speaker)
            answer = decoder.logits(), decoder.greedy()
        self._answer = self.place, ahead, answer
        return answer

    def search(self, speaker: Speaker, ahead: Sequence[int], options: GenerationOptions) -> Search:
        """The words that follow the text and the ids `ahead`, found without a change to where the text stands."""
        decoder = speaker.resumed(self.place, ahead)
        return Search(decoder, [*self._before, *self.ids, *ahead], options, speaker.vocabulary)

    def _read(self, tokens: Sequence[int], places: deque[Snapshot]) -> deque[Snapshot]:
        """The places after each of the tokens, appended to those before them."""
        with self._shared as speaker:
            decoder = self._standing(speaker, places[-1])
            self._at = None
            for token in tokens:
                if token == NO_ID:
                    places.append(places[-1])
                    continue
                decoder.advance(token)
                places.append(decoder.snapshot())
            self._at = places[-1]
        return places

    def _standing(self, speaker: Speaker, place: Snapshot | None = None) -> Decoder:
        """The text's own decoder, where the text stands or at another place."""
        wanted = place or self.place
        if speaker is not self._speaker:  # this process was forked
            self._speaker, self._decoder, self._at = speaker, speaker.decoder(), None
        if self._at is not wanted:
            self._decoder.restore(wanted)
            self._at = wanted
        return self._decoder


def _known(tokens: Iterable[int]) -> list[int]:
    return [token for token in tokens if token != NO_ID]
