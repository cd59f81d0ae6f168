"""Changes at random, the same ones for the same chance."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

ODD_BYTES = (
    b"\0",
    b"\xff",
    b"\x80",
    b"\x7f",
    b"\r\n",
    b'"',
    b"{",
    b"]",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"\xed\xa0\x80",
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 255, 2**16, 2**31 - 1, 2**31, 2**63, 10**30, -(2**63)),
    *(0.0, -0.0, 0.5, 1e-320, 1e39, 1e308, float("nan"), float("inf"), float("-inf")),
    *("", " ", "\0", "\n", "é", "e\u0301", "\u202e", "\ud800", "x" * 300, "../manifest.json", "/dev/zero", "CON", "12"),
    *([], {}, [[]], [None], {"": {}}, [0] * 50, {"file": "x"}),
)
ODD_TEXTS = (
    "\0",
    "\x1b[2J",
    "\u200b",
    "\u0301",
    "\u202e",
    "ß",
    "İ",
    "ﬁ",
    "👩‍👩‍👧",
    "\ud83d",
    "٣",
    "\u2028",
    "'",
    '"',
    "\\",
    "\t",
    "<unk>",
    "%s",
)

JsonChange = Callable[[random.Random, Any, Any], None]


def bytes_changed(chance: random.Random, content: bytes, most: int = 6) -> bytes:
    """Up to so many pieces of it flipped, written over, taken out, doubled, put in, or all behind one cut off."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, most)):
        chance.choice(_BYTE_CHANGES)(chance, changed)
    return bytes(changed)


def _flip(chance: random.Random, content: bytearray) -> None:
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _write_over(chance: random.Random, content: bytearray) -> None:
    place = chance.randint(0, len(content))
    piece = chance.choice((chance.choice(ODD_BYTES), chance.randbytes(chance.randint(1, 8))))
    content[place : place + len(piece)] = piece


def _number(chance: random.Random, content: bytearray) -> None:
    """A number of four bytes at a place of four: offsets and lengths are such."""
    place = chance.randint(0, len(content)) // 4 * 4
    size = chance.choice((chance.randrange(2**32), chance.randrange(64), 2**32 - chance.randint(1, 64), len(content)))
    content[place : place + 4] = size.to_bytes(4, "little")


def _cut(chance: random.Random, content: bytearray) -> None:
    place = chance.randint(0, len(content))
    del content[place : place + chance.randint(1, 16)]


def _truncate(chance: random.Random, content: bytearray) -> None:
    if not chance.randrange(4):  # it undoes what was changed behind
        del content[chance.randint(0, len(content)) :]


def _put_in(chance: random.Random, content: bytearray) -> None:
    place = chance.randint(0, len(content))
    content[place:place] = chance.choice((chance.choice(ODD_BYTES), chance.randbytes(chance.randint(1, 8))))


def _copy(chance: random.Random, content: bytearray) -> None:
    """A piece of it again, somewhere else."""
    start, place = chance.randint(0, len(content)), chance.randint(0, len(content))
    content[place:place] = content[start : start + chance.randint(1, 200)]


_BYTE_CHANGES = (_flip, _flip, _write_over, _number, _number, _cut, _truncate, _put_in, _copy)


def json_changed(chance: random.Random, data: Any, most: int = 3) -> Any:
    """A copy of parsed JSON with up to so many values replaced, taken out, doubled, renamed or moved."""
    changed = [copy.deepcopy(data)]
    for _ in range(chance.randint(1, most)):
        places = list(_places(changed))
        holder, key = chance.choice(places)
        try:
            chance.choice(_JSON_CHANGES)(chance, holder, key)
        except RecursionError:  # moved into itself
            return data
    return changed[0]


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Each value's holder and key in it; of a long list its ends alone, or all would lie there."""
    keys = list(data) if isinstance(data, dict) else range(len(data)) if len(data) < 6 else (0, 1, len(data) - 1)
    for key in keys:
        yield data, key
        if isinstance(data[key], dict | list):
            yield from _places(data[key])


def _replace(chance: random.Random, holder: Any, key: Any) -> None:
    holder[key] = copy.deepcopy(chance.choice(ODD_VALUES))


def _take_out(_chance: random.Random, holder: Any, key: Any) -> None:
    del holder[key]
    if isinstance(holder, list) and not holder:
        holder.append(None)


def _double(chance: random.Random, holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.insert(chance.randint(0, len(holder)), copy.deepcopy(holder[key]))
    else:
        holder[f"{key}{chance.choice(['', '_', ' ', '2'])}"] = copy.deepcopy(holder[key])


def _rename(chance: random.Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[chance.choice(("", "x", str(key).upper(), f"{key} "))] = holder.pop(key)


def _nudge(chance: random.Random, holder: Any, key: Any) -> None:
    value = holder[key]
    if isinstance(value, str):
        place = chance.randint(0, len(value))
        holder[key] = value[:place] + chance.choice(ODD_TEXTS) + value[place + chance.randint(0, 1) :]
    elif isinstance(value, int | float):
        holder[key] = chance.choice((value + 1, value - 1, -value, value * 2, float(value), str(value), [value]))
    else:
        _replace(chance, holder, key)


def _move(chance: random.Random, holder: Any, key: Any) -> None:
    """A value from beside in its place."""
    keys = list(holder) if isinstance(holder, dict) else range(len(holder))
    holder[key] = copy.deepcopy(holder[chance.choice(list(keys))])


_JSON_CHANGES: tuple[JsonChange, ...] = (_replace, _replace, _nudge, _nudge, _nudge, _take_out, _double, _rename, _move)


def json_text_changed(chance: random.Random, data: Any) -> str:
    """JSON with changed values; one time in four its text is changed as well, and may be JSON no more."""
    text = json.dumps(json_changed(chance, data))
    if chance.randrange(4):
        return text
    return bytes_changed(chance, text.encode(), 2).decode("utf-8", "replace")


def text(chance: random.Random, words: tuple[str, ...]) -> str:
    """Known words, unknown ones, and what no keyboard has."""
    lengths = (0, 1, 1, 3, 3, 8, 8, 30) if chance.randrange(50) else (300, 3000)
    pieces = [_piece(chance, words) for _ in range(chance.choice(lengths))]
    return chance.choice((" ", " ", "", "\n")).join(pieces)


def _piece(chance: random.Random, words: tuple[str, ...]) -> str:
    kind = chance.randrange(8)
    if kind < 5:
        word = chance.choice(words)
        return chance.choice((word, word, word.upper(), word.title(), f"{word}.", word[: chance.randint(0, 3)]))
    if kind == 5:
        return chance.choice(ODD_TEXTS)
    if kind == 6:
        return "".join(chr(chance.randrange(chance.choice((0x80, 0x800, 0x10000, 0x110000)))) for _ in range(3))
    return chance.choice("a .'\"\n") * chance.choice((1, 1, 2, 100))
