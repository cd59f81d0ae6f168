"""How tokens are spelled in a text: the space before each, and its capitals."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from edgeword.frozen import frozen
from edgeword.tokenizers.scanning import UNKNOWN, capitalized, is_word, would_merge

if TYPE_CHECKING:
    from edgeword.tokenizers.text import TextTokenizer

JOINS_LEFT, JOINS_RIGHT, PAIRED, CAPITAL_AFTER, CAPITAL_THROUGH = 1, 2, 4, 8, 16
# As much of what was written last as may become one token with what comes next: `<unk`.
_KEPT = len(UNKNOWN) - 1


@frozen
class Marks:
    """How tokens stand in a text: of each kind the ids."""

    joins_left: tuple[int, ...] = ()
    """No space before them."""
    joins_right: tuple[int, ...] = ()
    """No space after them."""
    paired: tuple[int, ...] = ()
    """Quotation marks: in a line the first joins right, the second left, and so on in turn."""
    capital_after: tuple[int, ...] = ()
    """The word after them begins with a capital."""
    capital_through: tuple[int, ...] = ()
    """They leave a capital that is due to what comes after them."""

    @cached_property
    def table(self) -> dict[int, int]:
        """By id, the sum of what it is, one bit for each kind."""
        kinds = (self.joins_left, self.joins_right, self.paired, self.capital_after, self.capital_through)
        table: dict[int, int] = {}
        for place, ids in enumerate(kinds):
            for token_id in ids:
                table[token_id] = table.get(token_id, 0) | 1 << place
        return table


class TextSpeller:
    """Spells what follows a text, token by token: each piece with the space before it, if one belongs there.

    What comes after the ids of a context is spelled as it would be after their text; where that ended in white space
    (`spaced`), the first piece brings none.
    """

    def __init__(self, tokenizer: TextTokenizer, context: Sequence[int] = (), *, spaced: bool = False) -> None:
        self._tokenizer, self._marks, self._plain = tokenizer, tokenizer.marks.table, tokenizer.plain
        self._begin_line()
        for token_id in _last_line(context, tokenizer.end_id):
            self.say(token_id)
        if spaced:
            self._touching, self._last = True, ""

    def _begin_line(self) -> None:
        self._touching = True
        """Whether the next token stands without a space, unless it would become one with the last."""
        self._last = ""
        """The end of what was written since the last space."""
        self._open: frozenset[int] = frozenset()
        """The quotation marks that are open."""
        self._capital = bool(self._marks.get(self._tokenizer.end_id, 0) & CAPITAL_AFTER)

    def copy(self) -> TextSpeller:
        """Another that goes on from here."""
        return copy.copy(self)

    def say(self, token_id: int) -> str:
        """What one more token adds to the text."""
        plain = self._plain.get(token_id)
        if plain is not None and not self._touching and not self._capital:
            piece, self._last = plain
            return piece
        return self._say(token_id)

    def _say(self, token_id: int) -> str:
        if token_id == self._tokenizer.end_id:
            self._begin_line()
            return self._tokenizer.word(token_id)
        word = self._tokenizer.word(token_id)
        if not word:
            return ""
        if is_word(word):
            self._plain[token_id] = (" " + word, word[-_KEPT:])
        mark = self._marks.get(token_id, 0)
        form = self._with_capital(word, mark)
        left, right = self._joins(token_id, mark)
        spaced = not (self._touching or left) or would_merge(self._last, form)
        self._touching = right
        self._last = (form if spaced else self._last + form)[-_KEPT:]
        return " " + form if spaced else form

    def _with_capital(self, word: str, mark: int) -> str:
        """The word as it is written here; whether a capital is due to the next one is noted."""
        due = self._capital
        if is_word(word):
            self._capital = False
            return capitalized(word) if due else word
        self._capital = bool(mark & CAPITAL_AFTER or (due and mark & CAPITAL_THROUGH))
        return word

    def _joins(self, token_id: int, mark: int) -> tuple[bool, bool]:
        """Whether a token stands without a space before it, and without one after it."""
        if mark & PAIRED:
            self._open ^= {token_id}
            opens = token_id in self._open
            return not opens, opens
        return bool(mark & JOINS_LEFT), bool(mark & JOINS_RIGHT)


def begins_with_capital(tokenizer: TextTokenizer, context: Sequence[int]) -> bool:
    """Whether a word that follows the ids of a text begins with a capital, whatever its usual form is."""
    table = tokenizer.marks.table
    for token_id in reversed(context):
        mark = table.get(token_id, 0)
        if mark & CAPITAL_AFTER or not mark & CAPITAL_THROUGH:
            return bool(mark & CAPITAL_AFTER)
    return bool(table.get(tokenizer.end_id, 0) & CAPITAL_AFTER)


def _last_line(ids: Sequence[int], end_id: int) -> Sequence[int]:
    """The ids after the last line's end."""
    place = next((i for i in range(len(ids) - 1, -1, -1) if ids[i] == end_id), -1)
    return ids[place + 1 :]
