"""Where a text ends: texts that stop it, looked for in the words as they are joined."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Literal

Said = tuple[int, float, str]
"""A token, the model's own natural log-probability of it, and what the text has of its word."""

FinishReason = Literal["length", "stop", "end"]
"""`length`: as many words as were asked for; `stop`: a stop text came; `end`: the text ends, or nothing was left to
say."""


class StopSearch:
    """Looks for stop texts in a text that grows by words; `joiner` stands between them, not before the first.

    A stop text counts from the end of the word `min_words` on, may begin within a word, and span several.
    """

    def __init__(self, stops: Sequence[str], joiner: str, min_words: int = 0) -> None:
        self._stops, self._joiner, self._unheard = stops, joiner, min_words
        self._open = ""  # the end of the text that may be the beginning of a stop text
        self.length = 0
        """Characters of the text so far."""

    @property
    def safe(self) -> int:
        """Characters of the text that no stop text can take away any more."""
        return self.length - len(self._open)

    def read(self, word: str) -> int | None:
        """Append a word; where in the text a stop text begins, the first of several, if one is there now."""
        piece = self._joiner + word if self.length and word else word
        self.length += len(piece)
        if self._unheard > 0:
            self._unheard -= 1
            return None
        text = self._open + piece
        places = [place for place in map(text.find, self._stops) if place >= 0]
        if places:
            return self.length - len(text) + min(places)
        self._open = text[self._begun(text) :]
        return None

    def _begun(self, text: str) -> int:
        """Where in the text the longest of its ends begins that is a beginning of a stop text."""
        longest = max(map(len, self._stops)) - 1
        places = range(max(len(text) - longest, 0), len(text))
        return next((i for i in places if any(stop.startswith(text[i:]) for stop in self._stops)), len(text))

    def copy(self) -> StopSearch:
        """Another that goes on from here."""
        return copy.copy(self)


class Ending:
    """Holds words back while they may belong to a stop text, lets the others go, and knows whether one came.

    A word is let go when it is part of the text for certain. The stop text, the joiner before it and what comes
    after are not; of a word in which a stop text begins, the text has the beginning.
    """

    stopped = False

    def __init__(self, stops: StopSearch) -> None:
        self._stops = stops
        self._held: list[tuple[int, Said]] = []  # with the place in the text where each word begins

    def take(self, said: Said) -> list[Said]:
        """One more word is there; those that can go, oldest first."""
        place = self._stops.read(said[2])
        self._held.append((self._stops.length - len(said[2]), said))
        if place is None:
            return self._release(self._stops.safe, whole=True)
        self.stopped = True
        return self._release(place, whole=False)

    def rest(self) -> list[Said]:
        """The words that are held still, once no more come."""
        return self._release(self._stops.length, whole=True)

    def _release(self, place: int, *, whole: bool) -> list[Said]:
        """Let go what the text has up to a place; only whole words, or the last one's beginning too."""
        gone = []
        while self._held:
            start, (token, logprob, word) = self._held[0]
            if start + len(word) > place and (whole or start >= place):
                break
            said = word if start + len(word) <= place else word[: place - start].rstrip(" ")
            if said or not word:
                gone.append((token, logprob, said))
            del self._held[0]
        return gone
