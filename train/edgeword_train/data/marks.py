"""How a corpus sets its marks: punctuation, symbols and characters that are tokens of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edgeword.tokenizers.scanning import LINE_END, capitalized, is_word, lowered, scanner
from edgeword.tokenizers.spelling import Marks

# Marks stand alike all over a corpus: so many tokens tell how.
MOST_TOKENS = 2_000_000
_SENTENCE_ENDS = frozenset(LINE_END + ".!?\u2026\u3002\uff01\uff1f")
_HALF, _QUARTER = 0.5, 0.25

Side = Counter[tuple[bool, bool]]
"""Of what is on one side of a mark, how often: whether that is a word, and whether it touches the mark."""
Match = re.Match[str]


@dataclass
class Places:
    """Where one mark stood."""

    left: Side = field(default_factory=Counter)
    right: Side = field(default_factory=Counter)
    seen: int = 0
    opened: int = 0
    """As the first, third … of its line: with a space before it and none after it."""
    closed: int = 0
    """As the second, fourth …: with no space before it."""
    capitals: Side = field(default_factory=Counter)
    """Of the word after it: whether a sentence had ended before the mark, and whether it has a capital."""

    @property
    def is_paired(self) -> bool:
        """Whether it opens and closes in turn, as quotation marks do: in two thirds of its uses, and closes in some."""
        return 3 * (self.opened + self.closed) >= 2 * self.seen and 4 * self.closed >= self.seen > 0

    def brings_capital(self, *, ended: bool) -> bool:
        """Whether most words after it have a capital, where a sentence had ended before it, or had not."""
        return self.capitals[ended, True] > self.capitals[ended, False]


class MarkCounts:
    """Counts the places of marks, line by line."""

    def __init__(self) -> None:
        self._places: dict[str, Places] = {}
        self._left = MOST_TOKENS

    def add(self, line: str) -> None:
        """Count the marks of one line."""
        if self._left <= 0:
            return
        found = list(scanner(ascii_only=line.isascii()).finditer(line))
        self._left -= len(found)
        mark, ended, open_marks = LINE_END, False, set[str]()
        for before, match, after in zip([None, *found], found, [*found[1:], None], strict=False):
            if is_word(match[0]):
                self._add_capital(mark, ended, match[0])
                mark, ended = "", False
            else:
                ended = ended or mark in _SENTENCE_ENDS
                mark = match[0]
                open_marks ^= {mark}
                self._add_sides(match, before, after, opens=mark in open_marks)

    def marks(self, ids: Mapping[str, int]) -> Marks:
        """The marks of a tokenizer whose tokens have these ids."""
        known = [(ids[token], self._places[token]) for token in sorted(self._places.keys() & ids, key=ids.__getitem__)]
        return Marks(*(tuple(token_id for token_id, places in known if holds(places)) for holds in _KINDS))

    def _of(self, mark: str) -> Places:
        return self._places.setdefault(mark, Places())

    def _add_capital(self, mark: str, ended: bool, word: str) -> None:
        small = lowered(word[0])
        if mark and capitalized(small) != small:  # scripts without capitals say nothing of them
            self._of(mark).capitals[ended, word[0] != small] += 1

    def _add_sides(self, match: Match, before: Match | None, after: Match | None, *, opens: bool) -> None:
        places = self._of(match[0])
        left = before is not None and before.end() == match.start()
        right = after is not None and after.start() == match.end()
        places.seen += 1
        places.opened += opens and right and not left
        places.closed += left and not opens
        if before is not None:
            places.left[is_word(before[0]), left] += 1
        if after is not None:
            places.right[is_word(after[0]), right] += 1


def clings(side: Side, other: Side) -> bool:
    """Whether a mark mostly touches what is on one side of it, and not much less than what is on the other.

    An opening bracket touches what follows it; where it touches most words before it too, as in `f(x)`, it still
    belongs to what follows.
    """
    return touching(side) > _HALF and touching(side) > touching(other) - _QUARTER


def touching(side: Side) -> float:
    """How many of the words on one side of a mark touch it, 0 to 1; of the marks there, where there is no word."""
    beside = (side[True, True] + side[True, False]) > 0
    return side[beside, True] / max(side[beside, True] + side[beside, False], 1)


# In the order of the fields of `Marks`.
_KINDS: tuple[Callable[[Places], bool], ...] = (
    lambda places: clings(places.left, places.right),
    lambda places: clings(places.right, places.left),
    lambda places: places.is_paired,
    lambda places: places.brings_capital(ended=False),
    lambda places: places.brings_capital(ended=True),
)
