"""Text as people write it, to ids and back: words in small letters, punctuation, line ends. See `docs/text.md`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from functools import cached_property
from itertools import chain, islice
from typing import Literal

from edgeword.errors import TokenizerError
from edgeword.frozen import frozen
from edgeword.records import record_dict
from edgeword.tokenizers import scanning
from edgeword.tokenizers.header import header
from edgeword.tokenizers.scanning import LINE_END, UNKNOWN
from edgeword.tokenizers.spelling import Marks, TextSpeller, begins_with_capital
from edgeword.tokenizers.tokenizer import MAX_ID

UNKNOWN_ID, END_ID = 1, 2
_FIRST = (UNKNOWN, LINE_END)


@frozen
class TextTokenizer:
    """Turns text into ids and ids into text as people write it.

    `vocabulary[i]` is the usual form of the token of id `i + 1`, whose small letters are the token; the first two are
    the unknown word and the line's end, which also stands before a text.

    Raises TokenizerError for a vocabulary or ids that cannot be used.
    """

    vocabulary: tuple[str, ...] = field(repr=False)
    marks: Marks = Marks()
    level: Literal["text"] = "text"
    keys: Sequence[str] = field(init=False, repr=False, compare=False)
    """The token of each of `vocabulary`: its small letters."""
    _ids: _Ids = field(init=False, repr=False, compare=False)

    oov_token = UNKNOWN
    oov_id = UNKNOWN_ID
    end_id = END_ID
    start = (END_ID,)
    zero = None
    num_words = None
    joiner = ""

    def __post_init__(self) -> None:
        if self.vocabulary[:2] != _FIRST:
            raise TokenizerError(f"tokenizer: a vocabulary of level 'text' begins with {UNKNOWN!r} and a line's end")
        if len(self.vocabulary) > MAX_ID:
            raise TokenizerError(f"tokenizer: {len(self.vocabulary)} tokens; at most {MAX_ID} can have an id")
        object.__setattr__(self, "keys", _keys_of(self.vocabulary))
        object.__setattr__(self, "_ids", _Ids(self.keys))
        strange = self.marks.table.keys() - range(END_ID, self.vocab_size)
        if strange:
            raise TokenizerError(f"tokenizer: its marks hold {min(strange)}, which is the id of no token")

    @cached_property
    def plain(self) -> dict[int, tuple[str, str]]:
        """Of words that were said: each with a space before it, and its end. Most words are written so."""
        return {}

    @property
    def vocab_size(self) -> int:
        """Number of ids, 0 among them, which is padding: the rows that an embedding needs."""
        return len(self.vocabulary) + 1

    def tokens(self, text: str) -> list[str]:
        """Tokens of the text before they become ids, unknown ones among them."""
        return [scanning.token_of(surface) for surface in scanning.surfaces(text)]

    def encode(self, text: str) -> list[int]:
        """Ids of the text, after that of the line's end, which stands before every text."""
        return [END_ID, *map(self._ids.__getitem__, scanning.surfaces(text))]

    def id(self, word: str) -> int:
        """Id of one token, spelled as `tokens` gives it; `oov_id` for one that is not in the vocabulary."""
        return self._ids[word]

    def word(self, token_id: int) -> str:
        """Usual form of one id's token; "" for padding, the unknown word for ids that are too high."""
        if token_id == 0:
            return ""
        return self.vocabulary[token_id - 1] if 0 < token_id <= len(self.vocabulary) else UNKNOWN

    def has_token(self, token_id: int) -> bool:
        """Whether an id stands for a token of its own."""
        return 0 < token_id <= len(self.vocabulary)

    def speller(self, context: Sequence[int] = (), *, spaced: bool = False) -> TextSpeller:
        """Spells what follows the ids of a text, which perhaps ends in white space."""
        return TextSpeller(self, context, spaced=spaced)

    def pieces(self, ids: Iterable[int]) -> Iterator[str]:
        """Text of the ids, piece by piece, with what joins each to the one before."""
        return map(self.speller().say, _without_start(ids))

    def decode(self, ids: Iterable[int]) -> str:
        """Text of the ids: all `pieces`, without the line's end before them."""
        return "".join(self.pieces(ids))

    def joined(self, words: Iterable[str]) -> Iterator[str]:
        """A text of words that were said, piece by piece: each has its space already."""
        return iter(words)

    def spelled(self, prefix: str) -> str:
        """Letters of a begun word as `keys` have them."""
        return scanning.lowered(prefix)

    def letters(self, begun: str) -> str:
        """The letters of a begun word; "" for several tokens that no word begins with.

        `end.` is finished, unless it is to be `end.point`; `<` is, unless a word begins with it.
        """
        key = self.spelled(begun)
        if scanning.is_word(key) and len(scanning.surfaces(begun)) == 1:
            return begun
        return begun if any(word.startswith(key) and word != key for word in self.keys[2:]) else ""

    def suggested(self, word: str, context: Sequence[int]) -> str:
        """A word as it would be written after the ids of a text."""
        return scanning.capitalized(word) if begins_with_capital(self, context) else word

    def typed(self) -> Callable[[str], tuple[list[str], str]]:
        """Parts a text that is typed: what is finished, and the last token if more may become part of it."""
        return _parted

    def reread(self, token_id: int) -> tuple[int, ...]:
        """The id itself: what is said is read."""
        return (token_id,)

    def oov_rate(self, text: str) -> float:
        """Share of the text's tokens, 0 to 1, that the vocabulary lacks; 0.0 for a text without tokens."""
        ids = self.encode(text)[1:]
        return ids.count(UNKNOWN_ID) / len(ids) if ids else 0.0

    def to_json(self) -> str:
        """Write the tokenizer file, as compact JSON in which a lone surrogate is escaped."""
        options = {"level": self.level, "vocabulary": self.vocabulary, "marks": record_dict(self.marks)}
        text = json.dumps({**header(), **options}, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


class _Ids(dict[str, int]):
    """Ids by token, and by each way to write one that was met."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(zip(keys, range(1, len(keys) + 1), strict=True))

    def __missing__(self, surface: str) -> int:
        token = scanning.token_of(surface)
        found = self.get(token, UNKNOWN_ID)
        if found != UNKNOWN_ID:  # what is unknown is never the same twice, and would only fill the memory
            self[surface] = found
        return found


def _keys_of(vocabulary: tuple[str, ...]) -> tuple[str, ...]:
    """The tokens of usual forms, brought to small letters at once: this runs in every cold start."""
    keys = (*_FIRST, *scanning.lowered("\n".join(vocabulary[2:])).split("\n")) if vocabulary[2:] else _FIRST
    if len(keys) != len(vocabulary) or "" in keys:
        raise TokenizerError("tokenizer: an entry of the vocabulary is empty, or holds a line's end; export it again")
    if len(set(keys)) < len(keys):
        twice = next(key for key, count in Counter(keys).items() if count > 1)
        raise TokenizerError(f"tokenizer: the vocabulary holds {twice!r} twice; keep one")
    return keys


def _parted(text: str) -> tuple[list[str], str]:
    place = scanning.begun(text)
    return [text[:place]], text[place:]


def _without_start(ids: Iterable[int]) -> Iterator[int]:
    rest = iter(ids)
    first = list(islice(rest, 1))
    return chain(() if first == [END_ID] else first, rest)
