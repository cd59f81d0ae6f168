"""Makes `edgeword.tokenizers.code_points`: what the text tokenizer knows of Unicode, as ranges of code points.

    python -m tests.runtime.tokenizers.make_code_points

The running Python's Unicode version becomes the table's. A bundle depends on the table: with another one its format
needs another version.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import wrap

import edgeword.tokenizers

FILE = Path(edgeword.tokenizers.__file__).with_name("code_points.py")
# Scripts whose words are not parted by spaces, and whose characters each carry meaning: Han and kana.
ALONE = (
    (0x3005, 0x3007), (0x3021, 0x3029), (0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF),
    (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9D), (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFD),
)  # fmt: skip
LINE_ENDS = (0x0A, 0x0B, 0x0C, 0x85, 0x2028, 0x2029)
JOINERS = (0x200C, 0x200D)
HEADER = '''"""What the text tokenizer knows of Unicode {version}, as ranges of code points.

Made by `tests.runtime.tokenizers.make_code_points`. The bundle format is bound to these tables, not to a library's.
"""

UNICODE = "{version}"
'''
MEANINGS = {
    "WORD": "Letters, marks, numbers and the low line, first and last of each range: what words are made of.",
    "ALONE": "Han and kana: each character is a token of its own.",
    "BLANK": "White space that ends no line, controls, formats and variation selectors: no part of any token.",
    "LOWER": "Simple lower-case mappings: first and last capital of a row, their step, how far to the small ones.",
}


def category(point: int) -> str:
    """General category of a code point."""
    return unicodedata.category(chr(point))


def is_alone(point: int) -> bool:
    """Whether a character is a token of its own though it is a letter."""
    return any(first <= point <= last for first, last in ALONE)


def is_selector(point: int) -> bool:
    """Whether a code point says how the one before it is drawn."""
    return 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF


def is_word(point: int) -> bool:
    """Whether words are made of a character."""
    return (category(point)[0] in "LMN" or point == 0x5F) and not is_alone(point) and not is_selector(point)


def is_blank(point: int) -> bool:
    """Whether a character is no part of any token."""
    kind = category(point)
    return (kind[0] == "Z" or kind in ("Cc", "Cf") or is_selector(point)) and point not in LINE_ENDS


def lower(point: int) -> int:
    """Simple lower-case mapping; of U+0130, which Python lowers to two code points, U+0069."""
    return 0x69 if point == 0x130 else ord(chr(point).lower())


def ranges(holds: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    """The ranges of the code points of which something holds."""
    first = None
    for point in range(sys.maxunicode + 2):
        inside = point <= sys.maxunicode and holds(point)
        if inside and first is None:
            first = point
        elif not inside and first is not None:
            yield first, point - 1
            first = None


def rows(capitals: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """Runs of capitals at one distance from each other and from their small letters."""
    while capitals:
        first, delta = capitals[0], lower(capitals[0]) - capitals[0]
        step = next((each - first for each in capitals[1:3] if each - first < 3 and lower(each) - each == delta), 1)
        count = 1
        while first + step * count in capitals and lower(first + step * count) - first - step * count == delta:
            count += 1
        taken = {first + step * each for each in range(count)}
        capitals = [each for each in capitals if each not in taken]
        yield first, first + step * (count - 1), step, delta


def constant(name: str, entries: Iterable[tuple[int, ...]]) -> str:
    """A table as Python: the numbers of its rows in hexadecimal, one text."""
    text = " ".join(",".join(format(number, "x") for number in entry) for entry in entries)
    lines = "\n".join(f'    "{line} "' for line in wrap(text, 108))
    return f'\n{name} = (\n{lines}\n)\n"""{MEANINGS[name]}"""\n'


def make() -> str:
    """The module's text."""
    capitals = [point for point in range(sys.maxunicode + 1) if lower_differs(point)]
    tables = {"WORD": ranges(is_word), "ALONE": ALONE, "BLANK": ranges(is_blank), "LOWER": rows(capitals)}
    header = HEADER.format(version=unicodedata.unidata_version)
    return header + "".join(constant(name, entries) for name, entries in tables.items())


def lower_differs(point: int) -> bool:
    """Whether a code point has another small letter."""
    return point == 0x130 or (len(chr(point).lower()) == 1 and ord(chr(point).lower()) != point)


if __name__ == "__main__":
    FILE.write_text(make(), encoding="utf-8")
