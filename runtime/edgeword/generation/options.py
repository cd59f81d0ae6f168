"""How words are chosen: every keyword of generation, in one record that travels."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, TypedDict

from edgeword.errors import UsageError
from edgeword.frozen import frozen

_SEEDS = 2**64
# Whole numbers above it are no floats.
_LARGEST = sys.float_info.max


class Keywords(TypedDict, total=False):
    """The keywords of `GenerationOptions` as functions take them, but for `max_words`."""

    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repetition_penalty: float
    no_repeat_ngram: int
    beams: int
    length_penalty: float
    stop: str | Iterable[str]
    min_words: int
    allow: Iterable[str] | None
    deny: Iterable[str]
    seed: int | None


@frozen
class GenerationOptions:
    """How words are chosen. The defaults are greedy: the most probable word, twenty times.

    The value that turns an option off is its default. Raises UsageError, naming the option and its range, for
    values outside of it and for options that contradict each other.
    """

    temperature: float = 0.0
    """Logits are divided by it before a word is drawn; 0 is greedy, the limit that small temperatures tend to."""
    top_k: int = 0
    """Draw from the k most probable words."""
    top_p: float = 1.0
    """Draw from the fewest words whose probabilities reach this sum."""
    min_p: float = 0.0
    """Draw from words at least this many times as probable as the most probable one."""
    repetition_penalty: float = 1.0
    """Makes words of the prompt and of the text so far less likely; below 1 likelier."""
    no_repeat_ngram: int = 0
    """No n words of this number come twice in prompt and text."""
    beams: int = 1
    """How many texts are followed side by side to find a more probable one."""
    length_penalty: float = 1.0
    """Beams that stop at different lengths are compared by log-probability / length ** this."""
    stop: tuple[str, ...] = ()
    """Texts that end the text where they begin; looked for as they are spelled, capitals and all."""
    min_words: int = 0
    """A stop text that begins sooner is passed over, and the text does not end by itself sooner."""
    max_words: int = 20
    allow: frozenset[str] | None = None
    """The only words that may be said; None allows all. Spelled in any way that the tokenizer reads as the word."""
    deny: frozenset[str] = frozenset()
    """Words that are never said; several words together are never said in a row."""
    seed: int | None = None
    """The same seed draws the same words; None draws others every time."""

    def __post_init__(self) -> None:
        for name, default in _DEFAULTS:
            value = getattr(self, name)
            if value is not default:
                object.__setattr__(self, name, _OPTIONS[name](name, value))
        _check_together(self)

    @property
    def without_effect(self) -> list[str]:
        """Names of options that were given and change nothing beside the others."""
        drawing = [] if self.temperature else [*_DRAWING]
        comparing = [] if self.beams > 1 else ["length_penalty"]
        return [name for name in drawing + comparing if getattr(self, name) != _NEUTRAL[name]]

    @property
    def is_greedy(self) -> bool:
        """Whether each word is the most probable one that may be said, and none is drawn."""
        return self.temperature == 0 and self.beams == 1

    @property
    def is_plain_greedy(self) -> bool:
        """Whether the model's own most probable word is the answer wherever it may be said.

        Allowed and denied words take words away and leave the order of the others as it is; so a graph's own
        argmax is the answer where it is none of those taken away.
        """
        return self.is_greedy and self.repetition_penalty == 1 and self.no_repeat_ngram == 0


def check_count(value: Any, name: str, least: int, most: float = math.inf) -> None:
    """Raise UsageError for what is no whole number from `least` to `most`."""
    wanted = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
    _count(least, f"a whole number {wanted}", most)(name, value)


def check_text(value: Any, name: str) -> str:
    """The text itself; raises UsageError for what is none."""
    if not isinstance(value, str):
        raise UsageError(f"the {name} is {value!r}; give a str")
    return value


def _number(least: float, most: float, wanted: str, *, open_below: bool = False) -> Callable[[str, Any], float]:
    def check(name: str, value: Any) -> float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
        if not fits or (open_below and value == least):
            raise UsageError(f"{name} is {value!r}; give {wanted}")
        return float(value)

    return check


def _count(least: int, wanted: str, most: float = math.inf) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise UsageError(f"{name} is {value!r}; give {wanted}")
        return value

    return check


def _texts(name: str, value: Any) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else _strings(name, value, "a text or a list of texts")
    if "" in texts:
        raise UsageError(f"{name} holds an empty text, which would end every text at once; leave it out")
    return texts


def _words(name: str, value: Any) -> frozenset[str]:
    if isinstance(value, str):
        raise UsageError(f"{name} is {value!r}; give a set of words, as {{{value!r}}}")
    return frozenset(_strings(name, value, "a set of words"))


def _strings(name: str, value: Any, wanted: str) -> tuple[str, ...]:
    strings = tuple(value) if isinstance(value, Iterable) else None
    if strings is None or not all(isinstance(each, str) for each in strings):
        raise UsageError(f"{name} is {value!r}; give {wanted}")
    return strings


def _optional(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda name, value: None if value is None else check(name, value)


_OPTIONS: dict[str, Callable[[str, Any], Any]] = {
    "temperature": _number(0, _LARGEST, "a number of at least 0 (0 is greedy)"),
    "top_k": _count(0, "a whole number of at least 1, or 0 for all words"),
    "top_p": _number(0, 1, "a number above 0 and up to 1 (1 is all words)", open_below=True),
    "min_p": _number(0, 1, "a number from 0 (all words) to 1"),
    "repetition_penalty": _number(0, _LARGEST, "a number above 0 (1 is none)", open_below=True),
    "no_repeat_ngram": _count(0, "a whole number of at least 1, or 0 for none"),
    "beams": _count(1, "a whole number of at least 1"),
    "length_penalty": _number(-_LARGEST, _LARGEST, "a finite number (0 compares without regard to length)"),
    "stop": _texts,
    "min_words": _count(0, "a whole number of at least 0"),
    "max_words": _count(1, "a whole number of at least 1"),
    "allow": _optional(_words),
    "deny": _words,
    "seed": _optional(_count(0, f"a whole number from 0 to {_SEEDS - 1}, or None", _SEEDS - 1)),
}
_DEFAULTS = [(field.name, field.default) for field in fields(GenerationOptions)]


def _check_together(options: GenerationOptions) -> None:
    if options.min_words > options.max_words:
        raise UsageError(f"min_words is {options.min_words}, above max_words, {options.max_words}; lower it")
    if options.beams > 1:
        drawn = [name for name in _DRAWING if getattr(options, name) != _NEUTRAL[name]]
        if drawn:
            raise UsageError(
                f"beams and {drawn[0]} exclude each other: beams search, {drawn[0]} draws; give one of them"
            )


_NEUTRAL = dict(_DEFAULTS)
_DRAWING = ("temperature", "top_k", "top_p", "min_p")
