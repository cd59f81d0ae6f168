"""Byte-level BPE: any text in any language in pieces of words, by the library `tokenizers`. See `docs/text.md`."""

from __future__ import annotations

import codecs
import copy
import importlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any, Literal

from edgeword.errors import TokenizerError
from edgeword.extras import MissingExtraError
from edgeword.frozen import frozen
from edgeword.installing import install_command
from edgeword.tokenizers.header import header

END_ID = 1
# Before the ids of the library: padding, and the line's end.
_OFFSET = 2
LINE_END = "\n"
_MOST = 1 << 20
# A word that may go on, with the white space before it.
_LAST_WORD = re.compile(r"\s+\S*\Z")
# What the library's file must say of itself, so that any reader of byte-level BPE reads the same pieces.
_WANTED: dict[str, Any] = {
    "normalizer": None,
    "post_processor": None,
    "truncation": None,
    "padding": None,
    "added_tokens": [],
}


@frozen
class SubwordTokenizer:
    """Turns text into ids of pieces and back. No text is out of its vocabulary, and what it gives back is valid text.

    `tokenizers` is the file of the library, as a value: byte-level BPE whose token of id i has the id i + 2 here. 0 is
    padding; 1 is the line's end, which also stands before every text. White space at the end of a line is not read.

    Raises TokenizerError for a file of another kind; MissingExtraError when it reads, where the library is missing.
    """

    tokenizers: Mapping[str, Any] = field(repr=False)
    level: Literal["subword"] = "subword"
    _pieces: tuple[bytes, ...] = field(init=False, repr=False, compare=False)

    oov_token = None
    oov_id = None
    end_id = END_ID
    start = (END_ID,)
    zero = None
    num_words = None
    joiner = ""

    def __post_init__(self) -> None:
        vocabulary, _ = _checked(self.tokenizers)
        bytes_of = _bytes_of_characters()
        pieces = [b""] * len(vocabulary)
        for token, place in vocabulary.items():
            pieces[place] = bytes(bytes_of[character] for character in token)
        object.__setattr__(self, "_pieces", tuple(pieces))

    @cached_property
    def _library(self) -> Any:
        """What reads texts; where it is missing, a bundle can still be looked at."""
        return _library_of(*_checked(self.tokenizers))

    @property
    def vocab_size(self) -> int:
        """Number of ids, those of padding and of the line's end among them."""
        return len(self._pieces) + _OFFSET

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """Each piece as text, without the space before it; what is no whole character, as U+FFFD."""
        texts = (piece.decode("utf-8", "replace") for piece in self._pieces)
        return (LINE_END, *(text[1:] if text.startswith(" ") and text != " " else text for text in texts))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The pieces that begin a word behind a space, as `vocabulary` has them; "" for the others."""
        pieces = zip(self._pieces, self.vocabulary[1:], strict=True)
        return (LINE_END, *(text if piece.startswith(b" ") and piece != b" " else "" for piece, text in pieces))

    def tokens(self, text: str) -> list[str]:
        """Tokens of the text before they become ids, as the library spells them."""
        return [token for line in self._lines(text) for token in ([LINE_END] if line is None else line.tokens)]

    def encode(self, text: str) -> list[int]:
        """Ids of the text, after that of the line's end, which stands before every text."""
        ids = [END_ID]
        for line in self._lines(text):
            ids += [END_ID] if line is None else [place + _OFFSET for place in line.ids]
        return ids

    def _lines(self, text: str) -> Iterator[Any]:
        """What the library reads of each line, and None between two of them."""
        for number, line in enumerate(text.split(LINE_END)):
            if number:
                yield None
            # A lone surrogate is no text, and the library takes none.
            yield self._library.encode(line.rstrip().encode("utf-8", "replace").decode("utf-8"))

    def id(self, word: str) -> int | None:
        """Id of one token, spelled as `tokens` gives it; None for one that has none."""
        if word == LINE_END:
            return END_ID
        place = self._library.token_to_id(word)
        return None if place is None else int(place) + _OFFSET

    def word(self, token_id: int) -> str:
        """A piece as text, without the space before it; "" for an id without one."""
        return self.vocabulary[token_id - 1] if 0 < token_id < self.vocab_size else ""

    def has_token(self, token_id: int) -> bool:
        """Whether an id stands for a token of its own."""
        return 0 < token_id < self.vocab_size

    def bytes_of(self, token_id: int) -> bytes:
        """The bytes of a piece; none for an id without one."""
        return self._pieces[token_id - _OFFSET] if _OFFSET <= token_id < self.vocab_size else b""

    def reread(self, token_id: int) -> tuple[int, ...]:
        """The id itself: what is said is read."""
        return (token_id,)

    def speller(self, context: Sequence[int] = (), *, spaced: bool = False) -> SubwordSpeller:
        """Spells what follows the ids of a text, which perhaps ends in white space."""
        return SubwordSpeller(self, context, spaced=spaced)

    def decode(self, ids: Iterable[int]) -> str:
        """Text of the ids, without the line's end before them; bytes that are no character are left out."""
        rest = list(ids)
        return "".join(map(self.speller().say, rest[1:] if rest[:1] == [END_ID] else rest))

    def joined(self, words: Iterable[str]) -> Iterator[str]:
        """A text of words that were said, piece by piece: each has its space already."""
        return iter(words)

    def spelled(self, prefix: str) -> str:
        """Letters of a begun word as `keys` have them: as they are."""
        return prefix

    def letters(self, begun: str) -> str:
        """The letters of a begun word, without the white space before it."""
        return begun.strip()

    def suggested(self, word: str, context: Sequence[int]) -> str:  # noqa: ARG002
        """The piece: it is written alike after every text."""
        return word

    def typed(self) -> Callable[[str], tuple[list[str], str]]:
        """Parts a text that is typed before its last word, with the white space before that: pieces span no more."""
        return _parted

    def oov_rate(self, text: str) -> float:  # noqa: ARG002
        """0: there is a piece for each byte."""
        return 0.0

    def to_json(self) -> str:
        """Write the tokenizer file, as compact JSON."""
        data = {**header(), "level": self.level, "tokenizers": self.tokenizers}
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


class SubwordSpeller:
    """Spells pieces as text: the bytes of a character that is not whole are held back, and dropped if it never is."""

    def __init__(self, tokenizer: SubwordTokenizer, context: Sequence[int] = (), *, spaced: bool = False) -> None:
        self._tokenizer, self._spaced = tokenizer, spaced
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        for token_id in context[-3:]:  # a character has four bytes at most
            self._decoder.decode(tokenizer.bytes_of(token_id))

    def copy(self) -> SubwordSpeller:
        """Another that goes on from here."""
        other = copy.copy(self)
        other._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        other._decoder.setstate(self._decoder.getstate())
        return other

    def say(self, token_id: int) -> str:
        """What one more piece adds to the text; "" while its last character is not whole."""
        if token_id == END_ID:
            self._decoder.reset()
            return LINE_END
        text = self._decoder.decode(self._tokenizer.bytes_of(token_id))
        if self._spaced and text:
            self._spaced = False
            return text.removeprefix(" ")
        return text


def _parted(text: str) -> tuple[list[str], str]:
    match = _LAST_WORD.search(text)
    place = 0 if match is None else match.start()
    return [text[:place]], text[place:]


def _checked(data: Mapping[str, Any]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges of the library's file; TokenizerError for another kind of tokenizer."""
    model, before = data.get("model"), data.get("pre_tokenizer")
    byte_level = isinstance(before, dict) and before.get("type") == "ByteLevel" and before.get("use_regex") is True
    if not byte_level or before.get("add_prefix_space") is not False:  # type: ignore[union-attr]
        raise _strange("its pre_tokenizer is not ByteLevel without a space before the text")
    for name, wanted in _WANTED.items():
        if data.get(name) != wanted:
            raise _strange(f"its {name} is {data.get(name)!r}, not {wanted!r}")
    if not isinstance(model, dict) or model.get("type") != "BPE":
        raise _strange("its model is not BPE")
    vocabulary, merges = model.get("vocab"), model.get("merges")
    if not _is_vocabulary(vocabulary):
        raise _strange("its vocabulary has not each byte and each id once")
    if not isinstance(merges, list) or not all(_is_merge(merge, vocabulary) for merge in merges):  # type: ignore[arg-type]
        raise _strange("its merges are not pairs of tokens of the vocabulary")
    return vocabulary, [(first, second) for first, second in merges]  # type: ignore[return-value]


def _is_vocabulary(vocabulary: Any) -> bool:
    characters = _bytes_of_characters().keys()
    return (
        isinstance(vocabulary, dict)
        and len(vocabulary) <= _MOST
        and all(type(place) is int for place in vocabulary.values())
        and sorted(vocabulary.values()) == list(range(len(vocabulary)))
        and characters <= vocabulary.keys()
        and all(token and characters >= set(token) for token in vocabulary)
    )


def _is_merge(merge: Any, vocabulary: Mapping[str, int]) -> bool:
    parts = isinstance(merge, list) and len(merge) == 2 and all(isinstance(part, str) for part in merge)
    return parts and merge[0] in vocabulary and merge[1] in vocabulary and merge[0] + merge[1] in vocabulary


def _strange(reason: str) -> TokenizerError:
    return TokenizerError(f"tokenizer: {reason}; train it with edgeword train --tokens subword")


def _bytes_of_characters() -> dict[str, int]:
    """The character that stands for each byte in a file of byte-level BPE: Radford et al. 2019, GPT-2.

    Printable characters of Latin-1 stand for themselves, the other bytes in order for those from U+0100 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + place): byte for place, byte in enumerate(others)}


def _library_of(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Any:
    """The library's tokenizer, made of what was checked."""
    library = import_library()
    made = library.Tokenizer(library.models.BPE(vocab=vocabulary, merges=merges))
    made.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return made


def import_library() -> Any:
    """The package `tokenizers`, which bundles of another kind do not need; MissingExtraError where it is missing."""
    try:
        return importlib.import_module("tokenizers")
    except ImportError:
        raise MissingExtraError(f"tokenizers is not installed; {install_command('subword')}") from None
