"""Text to ids and back, with the semantics of Keras' `Tokenizer` and of `TextVectorization`."""

from __future__ import annotations

import json
from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, Literal

from edgeword.errors import TokenizerError, UsageError
from edgeword.frozen import frozen
from edgeword.records import RecordError, parse_json, read_record
from edgeword.tokenizers.header import header, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# A bound on memory: a short file must not ask for a vocabulary of a billion ids.
MAX_ID = 1 << 22
# Keras' own defaults; only TextVectorization counts the apostrophe as punctuation.
DEFAULT_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
ASCII_WHITESPACE = " \t\n\v\f\r"
ASCII_UPPERCASE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "level": (lambda v: v in ("word", "char"), "'word' or 'char'"),
    "lower": (lambda v: isinstance(v, bool), "true or false"),
    "filters": (lambda v: isinstance(v, str), "text"),
    "split": (lambda v: isinstance(v, str) and v != "", "text of one character or more"),
    "punctuation": (lambda v: v in ("split", "strip"), "'split' or 'strip'"),
    "oov_token": (lambda v: v is None or isinstance(v, str), "text or null"),
    "oov_id": (lambda v: v is None or (type(v) is int and 0 <= v <= MAX_ID), f"null or 0 to {MAX_ID}"),
    "zero": (lambda v: v is None or (isinstance(v, str) and v != ""), "text or null"),
    "num_words": (lambda v: v is None or (type(v) is int and 1 <= v <= MAX_ID), f"null or 1 to {MAX_ID}"),
}


@frozen
class Tokenizer:
    """Turns text into ids and ids into text.

    `vocabulary[i]` is the token of id `i + 1`, or None where no token has that id. Id 0 is kept for padding, unless
    `zero` is its token. Tokens of ids from `num_words` on are said and never read, as Keras' `Tokenizer` has it: its
    `texts_to_sequences` knows fewer words than its `index_word`. `level` is "word" or
    "char"; `filters`, `split` and `punctuation` are without effect at level "char", as in Keras.

    `punctuation="split"` is Keras' `Tokenizer`: the whole text is lowercased, each character of `filters`
    becomes `split`, and the text is cut at `split`. `punctuation="strip"` is `TextVectorization`: only
    A-Z are lowercased ("É" stays "É"), characters of `filters` vanish ("don't" gives "dont"), and the
    text is cut at ASCII whitespace alone.

    `oov_id` may lie beyond the vocabulary: Keras gives that id, whatever `num_words` is, when the
    `oov_token` also occurs as a rare word. It is 0, without an `oov_token`, where unknown words are read as
    padding: `word_index.get(word, 0)`.

    Raises TokenizerError for options or a vocabulary that cannot be used.
    """

    vocabulary: tuple[str | None, ...] = field(repr=False)
    level: Literal["word", "char"] = "word"
    oov_token: str | None = None
    oov_id: int | None = None
    lower: bool = True
    filters: str = DEFAULT_FILTERS
    split: str = " "
    punctuation: Literal["split", "strip"] = "split"
    zero: str | None = None
    num_words: int | None = None
    _ids: dict[str | None, int] = field(init=False, repr=False, compare=False)
    _table: dict[int, str | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, (accepts, wanted) in _FIELDS.items():
            if not accepts(getattr(self, name)):
                raise TokenizerError(f"tokenizer: {name} must be {wanted}, not {getattr(self, name)!r}")
        if self.punctuation == "strip" and (self.level != "word" or self.split != " "):
            raise TokenizerError("tokenizer: punctuation 'strip' needs level 'word' and split ' '")
        ids = _ids_of(self.vocabulary)
        _check_oov(self, ids)
        if self.zero is not None and ids.setdefault(self.zero, 0):
            raise TokenizerError(f"tokenizer: {self.zero!r} has the ids 0 and {ids[self.zero]}; keep one")
        if self.num_words is not None:
            ids = {token: token_id for token, token_id in ids.items() if token_id < self.num_words}
        object.__setattr__(self, "_ids", ids)
        object.__setattr__(self, "_table", _table_of(self))

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        num_words: int | None = None,
        filters: str = DEFAULT_FILTERS,
        lower: bool = True,
        split: str = " ",
        oov_token: str | None = None,
        char_level: bool = False,
    ) -> Tokenizer:
        """Give ids by descending frequency, ties in order of first appearance, the OOV token first.

        As in Keras, only ids below `num_words` are kept, and None or 0 keeps all. Raises TokenizerError
        for an option, UsageError for texts that are not text.
        """
        options = {"filters": filters, "split": split} if not char_level else {}
        blank = cls((), "char" if char_level else "word", lower=lower, **options)  # type: ignore[arg-type]
        words: list[str | None] = [*blank._by_frequency(texts)]
        oov_id = None
        if oov_token is not None:
            # A text that holds the OOV token moves it to its own rank and leaves id 1 without a token.
            oov_id = words.index(oov_token) + 2 if oov_token in words else 1
            words.insert(0, oov_token if oov_id == 1 else None)
        kept = _keep(words, num_words)
        return cls(kept, blank.level, oov_token, oov_id, lower, blank.filters, blank.split)

    def _by_frequency(self, texts: Iterable[str]) -> list[str]:
        if isinstance(texts, str):
            raise UsageError("texts: give a list of texts, not one text; put it in brackets: [text]")
        counts: dict[str, int] = {}
        for text in texts:
            if not isinstance(text, str):
                raise UsageError(f"texts: each must be a str, not {type(text).__name__}")
            for token in self.tokens(text):
                counts[token] = counts.get(token, 0) + 1
        return sorted(counts, key=counts.__getitem__, reverse=True)

    @property
    def vocab_size(self) -> int:
        """Number of ids that can occur, 0 among them: the rows that an embedding needs."""
        return max(len(self.vocabulary), self.oov_id or 0) + 1

    end_id = None
    start = ()

    @property
    def keys(self) -> tuple[str | None, ...]:
        """The vocabulary: tokens are said as they are read."""
        return self.vocabulary

    @property
    def joiner(self) -> str:
        """What stands between two tokens of generated text."""
        return " " if self.level == "word" else ""

    def tokens(self, text: str) -> list[str]:
        """Tokens of the text before they become ids, unknown ones among them."""
        if self.lower and self.punctuation == "split":
            text = text.lower()
        if self.level == "char":
            return list(text)
        return [token for token in text.translate(self._table).split(self.split) if token]

    def encode(self, text: str) -> list[int]:
        """Ids of the text; a token that is not in the vocabulary gives `oov_id`, or nothing without one."""
        found = map(self._ids.get, self.tokens(text))
        if self.oov_id is None:
            return [token_id for token_id in found if token_id is not None]
        return [self.oov_id if token_id is None else token_id for token_id in found]

    def joined(self, words: Iterable[str]) -> Iterator[str]:
        """A text of words, piece by piece: each with what joins it to the one before; "" is no word."""
        joiner = ""
        for word in words:
            if word:
                yield joiner + word
                joiner = self.joiner

    def pieces(self, ids: Iterable[int]) -> Iterator[str]:
        """Text of the ids, piece by piece; an id without a token gives the OOV token, or nothing."""
        return self.joined(map(self.word, ids))

    def decode(self, ids: Iterable[int]) -> str:
        """Text of the ids: all `pieces`.

        As Keras' `sequences_to_texts`, which however puts spaces between characters too.
        """
        return "".join(self.pieces(ids))

    def speller(self, context: Sequence[int] = (), *, spaced: bool = False) -> None:  # noqa: ARG002
        """None: each word is spelled as it stands in the vocabulary."""
        return

    def spelled(self, prefix: str) -> str:
        """Letters of a begun word in the tokenizer's case: where it lowers texts, lowered as it does."""
        tokens = self.tokens(prefix)
        same = len(tokens) == 1 and tokens[0].casefold() == prefix.casefold()
        return tokens[0] if same else prefix

    def letters(self, begun: str) -> str:
        """The letters of a begun word; as the tokenizer spells them where it leaves some out, as of `"don't`."""
        spelled = "".join(self.tokens(begun))
        return begun if spelled.casefold() == begun.casefold() else spelled

    def suggested(self, word: str, context: Sequence[int]) -> str:  # noqa: ARG002
        """The word: it is written alike after every text."""
        return word

    def typed(self) -> Callable[[str], tuple[list[str], str]]:
        """Parts a text that is typed: the words that are finished, and the one that is begun."""
        from edgeword.tokenizers.typed import Typed  # a cold start does not wait for it

        return Typed(self).parted

    def word(self, token_id: int) -> str:
        """Token of one id; for an id without one (0, too high) the OOV token, or "" where there is none."""
        token = self.vocabulary[token_id - 1] if 0 < token_id <= len(self.vocabulary) else None
        if token_id == 0:
            token = self.zero
        return (self.oov_token if token is None else token) or ""

    def reread(self, token_id: int) -> tuple[int, ...]:
        """The ids of a token that was said, where a text is read again: none for an id without a token."""
        if self.num_words is None or token_id < self.num_words:
            return (token_id,) if self.has_token(token_id) else ()
        return () if self.oov_id is None else (self.oov_id,)

    def has_token(self, token_id: int) -> bool:
        """Whether an id stands for a token of its own."""
        if token_id == 0:
            return self.zero is not None
        return token_id == self.oov_id or (
            0 < token_id <= len(self.vocabulary) and self.vocabulary[token_id - 1] is not None
        )

    def id(self, word: str) -> int | None:
        """Id of one token, spelled as `tokens` gives it; `oov_id` for one that is not in the vocabulary."""
        return self._ids.get(word, self.oov_id)

    def oov_rate(self, text: str) -> float:
        """Share of the text's tokens, 0 to 1, that the vocabulary lacks; 0.0 for a text without tokens."""
        tokens = self.tokens(text)
        unknown = sum(self.id(token) == self.oov_id for token in tokens)
        return unknown / len(tokens) if tokens else 0.0

    def to_json(self) -> str:
        """Write edgeword's own format, as compact JSON in which a lone surrogate is escaped."""
        options = {item.name: getattr(self, item.name) for item in fields(self) if item.init}
        text = json.dumps({**header(), **options}, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace").decode("utf-8")

    @classmethod
    def from_json(cls, text: str) -> Tokenizer:
        """Read edgeword's own format; TokenizerError for anything else, saying what and how to mend it."""
        try:
            return read_record(cls, options_of(parse_json(text)), "tokenizer")
        except RecordError as error:
            raise TokenizerError(f"{error}; export or save the tokenizer again") from None


def _keep(words: Iterable[str | None], num_words: int | None) -> tuple[str | None, ...]:
    """Tokens with an id below `num_words`, all of them for None and 0; TokenizerError for another type."""
    if num_words is not None and (type(num_words) is not int or num_words < 0):
        raise TokenizerError(f"tokenizer: num_words must be a positive integer or None, not {num_words!r}")
    kept = tuple(words)
    return kept[: num_words - 1] if num_words else kept


def _ids_of(vocabulary: tuple[str | None, ...]) -> dict[str | None, int]:
    """Ids by token; the types are checked once per kind, for this runs in every cold start."""
    for kind in set(map(type, vocabulary)):
        if not issubclass(kind, (str, type(None))):
            raise TokenizerError(f"tokenizer: a token of the vocabulary is of type {kind.__name__}; make it text")
    if len(vocabulary) > MAX_ID:
        raise TokenizerError(f"tokenizer: {len(vocabulary)} tokens; at most {MAX_ID} can have an id")
    ids = dict(zip(vocabulary, range(1, len(vocabulary) + 1), strict=True))
    ids.pop(None, None)
    if len(ids) + vocabulary.count(None) < len(vocabulary):
        places = enumerate(vocabulary, start=1)
        first, token = next((i, token) for i, token in places if token is not None and ids[token] != i)
        raise TokenizerError(f"tokenizer: {token!r} has the ids {first} and {ids[token]}; keep one")
    return ids


def _check_oov(tokenizer: Tokenizer, ids: dict[str | None, int]) -> None:
    token, token_id = tokenizer.oov_token, tokenizer.oov_id
    if token is None or not token_id:
        if token is not None or token_id:
            raise TokenizerError("tokenizer: oov_token and oov_id belong together; give both or neither")
        return
    inside = token_id <= len(tokenizer.vocabulary)
    if ids.get(token) != (token_id if inside else None):
        raise TokenizerError(f"tokenizer: the vocabulary does not have oov_token {token!r} at id {token_id}")


def _table_of(tokenizer: Tokenizer) -> dict[int, str | None]:
    """Table for `str.translate`; "strip" lowercases in it too, filters after case, as TextVectorization."""
    if tokenizer.punctuation == "split":
        return dict.fromkeys(map(ord, tokenizer.filters), tokenizer.split)
    table: dict[int, str | None] = dict.fromkeys(map(ord, ASCII_WHITESPACE), " ")
    table.update(dict.fromkeys(map(ord, tokenizer.filters)))
    if tokenizer.lower:
        for letter in ASCII_UPPERCASE:
            table[ord(letter)] = table.get(ord(letter.lower()), letter.lower())
    return table
