"""What of a value (a dict, a list, a tuple of several things) is the tokenizer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from edgeword.errors import TokenizerError
from edgeword_export.tokenizer_files.arrays import plain
from edgeword_export.tokenizer_files.pickled_objects import PickledTokenizer

# How deep a tokenizer may lie in what was saved: `{"data": {"tokenizer": …}}`.
_DEEPEST = 4
_ATTRIBUTES = {"word_index", "filters", "lower"}
# Names that notebooks give to a vocabulary; what lies beside one is something else (counts, lengths).
_NAMES = re.compile(
    r"tokeni[sz]er|words?|chars?|characters|vocab(ulary)?|stoi|itos"
    r"|(word|char|token|index|idx|id|int|indices)s?(_?(to|2)_?|_?)(word|char|token|index|idx|ix|id|int|indices)s?",
    re.IGNORECASE,
)


def found_in(value: Any) -> Any:
    """A PickledTokenizer, a dict of ids by word, or a list of words; TokenizerError for none or for several.

    A Tokenizer goes before dicts, dicts before lists, and what lies higher before what lies deeper.
    """
    levels = list(_levels(value))
    for kind in (_tokenizer, _ids, _words):
        for level in levels:
            candidates = [found for found in map(kind, level) if found is not None]
            if any(candidate != candidates[0] for candidate in candidates):
                raise TokenizerError(
                    "holds several vocabularies of different words; save the one that the model speaks by itself, as "
                    "JSON"
                )
            if candidates:
                return candidates[0]
    raise TokenizerError("holds no tokenizer; save tokenizer.word_index, a dict of words and their ids, as JSON")


def _levels(value: Any) -> Iterator[list[Any]]:
    """The value; what it holds; what that holds: each thing once, however often it is referred to."""
    seen: set[int] = set()
    level = [plain(value)]
    for _ in range(_DEEPEST):
        yield level
        following: list[Any] = []
        for outer in level:
            for inner in _inside(outer):
                if id(inner) not in seen:
                    seen.add(id(inner))
                    following.append(plain(inner))
        level = following


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict) and _ids(value) is None:
        named = [inner for name, inner in value.items() if _NAMES.fullmatch(str(name))]
        return named or list(value.values())
    return list(value) if isinstance(value, (list, tuple)) and _words(value) is None else []


def _tokenizer(value: Any) -> PickledTokenizer | None:
    """A Tokenizer, or its attributes: `vars(tokenizer)`, `tokenizer.get_config()`."""
    if isinstance(value, dict) and value.keys() >= _ATTRIBUTES:
        return PickledTokenizer(dict(value))
    return value if isinstance(value, PickledTokenizer) else None


def _ids(value: Any) -> dict[str, int] | None:
    """Ids by word, of a dict of either direction; JSON makes text of the ids that are keys.

    Ids are all different, and hardly more than there are words: else it is of counts, or of settings.
    """
    if not isinstance(value, dict) or not value:
        return None
    if all(isinstance(key, str) and type(word_id) is int for key, word_id in value.items()):
        ids = {str(key): word_id for key, word_id in value.items()}
    elif all(isinstance(word, str) and _is_id(key) for key, word in value.items()):
        ids = {str(word): int(key) for key, word in value.items()}
    else:
        return None
    dense = min(ids.values()) >= 0 and max(ids.values()) < 2 * len(ids) + 3
    return ids if dense and len(set(ids.values())) == len(value) else None


def _is_id(key: Any) -> bool:
    return type(key) is int or (isinstance(key, str) and key.isdecimal() and len(key) < 10)


def _words(value: Any) -> list[str] | None:
    several = isinstance(value, (list, tuple)) and len(value) > 1
    return [str(word) for word in value] if several and all(isinstance(word, str) for word in value) else None
