"""Tokens of text as people write it: `docs/text.md` states the rule. Nothing here asks a library about Unicode."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import cache

UNKNOWN = "<unk>"
LINE_END = "\n"
_BEGUN_UNKNOWN = [UNKNOWN[:length] for length in range(1, len(UNKNOWN))]
_LINE_ENDS = frozenset("\n\x0b\x0c\x85\u2028\u2029")
_MARKER = "<[Uu][Nn][Kk]>"
# What parts no word where it stands between two of its characters: apostrophes, full stop, the joiners of Unicode.
_DIGITS = frozenset("0123456789")
_JOINERS = ("\u200c", "\u200d")
_INNER = "'\u2019." + "".join(_JOINERS)
# What these classes have of ASCII: most texts need no more, and no table.
_ASCII = {"WORD": "0-9A-Z_a-z", "BLANK": "\0-\t\r- \x7f"}


def surfaces(text: str) -> list[str]:
    """The tokens of a text as they are written, line ends among them."""
    return scanner(ascii_only=text.isascii()).findall(text)


def token_of(surface: str) -> str:
    """The token that is written so: its small letters, one for each code point."""
    return LINE_END if surface in _LINE_ENDS else lowered(surface)


def lowered(text: str) -> str:
    """Each code point by its simple lower-case mapping; the text keeps its length."""
    return text.lower() if text.isascii() else text.translate(_small_letters())


def capitalized(word: str) -> str:
    """A word with a capital at its beginning: the lowest code point whose small letter it begins with."""
    return _capitals().get(word[:1], word[:1]) + word[1:]


def is_word(token: str) -> bool:
    """Whether a token is a word or a number: not punctuation, a symbol, a Han character or a line's end."""
    return token == UNKNOWN or bool(_word_character(token.isascii()).match(token))


def would_merge(last: str, following: str) -> bool:
    """Whether a token, written without a space after others, would be read with them as another token."""
    if not last or following == UNKNOWN:
        return False
    if following == ">":
        return lowered(last).endswith(UNKNOWN[:-1])
    if not is_word(following):
        return False
    if last[-1] == ",":
        return last[-2:-1] in _DIGITS and following[0] in _DIGITS
    return is_word(last[-1]) or (last[-1] in _INNER and is_word(last[-2:-1]))


def begun(text: str) -> int:
    """Where in a text its last token begins, if further characters may become part of it; else the text's length.

    An apostrophe after a word is such a token, with its word; so is what may become the unknown word's mark.
    """
    last = deque(scanner(ascii_only=text.isascii()).finditer(text), 2)
    end = len(text) - (text[-1:] in _JOINERS)
    if not last or last[-1].end() != end:
        return len(text)
    before, token = (last[0] if len(last) > 1 else None), last[-1]
    if before is not None and before.end() == token.start() and _continues(before, token[0]):
        return before.start()
    open_ended = token[0] == "<" or (token[0][0] != "<" and is_word(token[0]))
    return token.start() if open_ended else len(text)


def _continues(before: re.Match[str], following: str) -> bool:
    """Whether a token and the one that it touches may become one."""
    if before[0] == "<":
        return f"<{following.lower()}" in _BEGUN_UNKNOWN
    if following == ",":
        return before[0][-1] in _DIGITS
    return following in _INNER and is_word(before[0])


@cache
def scanner(*, ascii_only: bool) -> re.Pattern[str]:
    """What finds tokens, in texts of ASCII alone or in any."""
    return re.compile(f"{_MARKER}|{_word(ascii_only)}|[^{_members('BLANK', ascii_only)}]")


def _word(ascii_only: bool) -> str:
    word = f"[{_members('WORD', ascii_only)}]+"
    return f"{word}(?:(?:[{_INNER}]|(?<=[0-9]),(?=[0-9])){word})*"


@cache
def _word_character(ascii_only: bool) -> re.Pattern[str]:
    return re.compile(f"[{_members('WORD', ascii_only)}]")


def _members(name: str, ascii_only: bool) -> str:
    """A class of the table as the inside of a bracket."""
    if ascii_only:
        return _ASCII[name]
    return "".join(f"{_escaped(first)}-{_escaped(last)}" for first, last in _rows(name))


def _escaped(point: int) -> str:
    return f"\\U{point:08x}"


def _rows(name: str) -> Iterator[list[int]]:
    from edgeword.tokenizers import code_points  # a text of ASCII alone does not wait for it

    for row in getattr(code_points, name).split():
        yield [int(number, 16) for number in row.split(",")]


@cache
def _small_letters() -> dict[int, int]:
    """Small letters by capital."""
    rows = _rows("LOWER")
    return {point: point + delta for first, last, step, delta in rows for point in range(first, last + 1, step)}


@cache
def _capitals() -> dict[str, str]:
    """Capitals by small letter, the lowest of several."""
    return {chr(small): chr(capital) for capital, small in sorted(_small_letters().items(), reverse=True)}
