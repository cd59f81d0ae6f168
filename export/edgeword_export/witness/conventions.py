"""The conventions of a loop that its model's file does not hold: a table of what loops do."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

from edgeword.bundle.spec import Window
from edgeword.padding import Padding
from edgeword_export.source.keras_model import NextWordModel

# Side, truncating; the commonest first.
_RULES = (("pre", "pre"), ("post", "pre"), ("pre", "post"), ("post", "post"))

# Loops have been met that pad to more than twice the model's declared length, and to a quarter of it.
_LONGEST_TRIED = 160


def near(source: NextWordModel, guess: Window, values: Iterable[int]) -> Iterator[Window]:
    """The likely ones: the guess, other rules at the declared length and beside it, no window at all; each once."""
    lengths = [guess.length, *((source.length + step for step in (0, -1, 1)) if source.length else ())]
    whole = Window(None, Padding(), source.masked)
    last_word = Window(1, Padding(), source.masked, fills=False)
    yield from _distinct([guess, *_table(source, guess, lengths, tuple(values)), whole, last_word])


def beside(source: NextWordModel, window: Window) -> tuple[Iterator[Window], Iterator[Window]]:
    """Other lengths for a convention that was found, outwards: longer ones, shorter ones."""
    length = window.length
    if length is None:
        return iter(()), iter(())
    longer = range(length + 1, min(max(2 * length, length + 20), _LONGEST_TRIED) + 1)
    return _at(source, window, longer), _at(source, window, range(length - 1, 0, -1))


def _at(source: NextWordModel, window: Window, lengths: Iterable[int]) -> Iterator[Window]:
    others = _table(source, window, lengths, (window.padding.value,))
    return (each for each in others if _alike(each, window))


def _alike(window: Window, other: Window) -> bool:
    return dataclasses.replace(window, length=other.length) == other


def far(source: NextWordModel, guess: Window, values: Iterable[int], longest_prompt: int) -> Iterator[Window]:
    """Every other length up to some way beyond what is declared or asked."""
    most = max(longest_prompt + 8, 2 * (source.length or 0) + 8, 40)
    lengths = range(1, min(most, _LONGEST_TRIED) + 1)
    known = set(near(source, guess, values))
    yield from (window for window in _table(source, guess, lengths, tuple(values)) if window not in known)


def _table(
    source: NextWordModel, guess: Window, lengths: Iterable[int | None], values: tuple[int, ...]
) -> Iterator[Window]:
    for (side, truncating), length in itertools.product(_RULES, lengths):
        if length is None:
            yield dataclasses.replace(guess, length=None)
            continue
        if length < 1:
            continue
        for value in values:
            base = Window(length, Padding(side, truncating, value), source.masked)  # type: ignore[arg-type]
            yield base
            if side == "post" and source.sequences:
                yield dataclasses.replace(base, reads="text")
        yield dataclasses.replace(base, padding=Padding(truncating=truncating), fills=False)  # type: ignore[arg-type]


def _distinct(windows: Iterable[Window]) -> Iterator[Window]:
    yield from dict.fromkeys(windows)
