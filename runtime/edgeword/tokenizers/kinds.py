"""The kinds of tokenizers: what all of them can, and the reader of their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from edgeword.errors import TokenizerError
from edgeword.records import RecordError, parse_json, read_record
from edgeword.tokenizers.header import options_of

# By `level`: module and class. A bundle waits for the module of its own kind alone.
_KINDS = {
    "word": ("tokenizer", "Tokenizer"),
    "char": ("tokenizer", "Tokenizer"),
    "text": ("text", "TextTokenizer"),
    "subword": ("subword", "SubwordTokenizer"),
}


class Speller(Protocol):
    """Spells a text token by token."""

    def say(self, token_id: int, /) -> str:
        """What one more token adds to the text."""
        ...

    def copy(self) -> Speller:
        """Another that goes on from here."""
        ...


class AnyTokenizer(Protocol):
    """What is asked of a tokenizer, of whichever kind."""

    @property
    def level(self) -> str:
        """The kind: what a token is."""
        ...

    @property
    def vocabulary(self) -> Sequence[str | None]:
        """The word of id `i + 1`, as it is said; None where no token has that id."""
        ...

    @property
    def keys(self) -> Sequence[str | None]:
        """The token of each of `vocabulary`, as texts are read."""
        ...

    @property
    def oov_token(self) -> str | None:
        """The text of the token for unknown words."""
        ...

    @property
    def oov_id(self) -> int | None:
        """The id of the token for unknown words; None where there is none."""
        ...

    @property
    def zero(self) -> str | None:
        """The token of id 0; None where it is padding."""
        ...

    @property
    def num_words(self) -> int | None:
        """Ids from this one on are said and never read; None where all are read."""
        ...

    @property
    def end_id(self) -> int | None:
        """The id of the token that ends a text; None where none does."""
        ...

    @property
    def start(self) -> tuple[int, ...]:
        """The ids that `encode` puts before every text."""
        ...

    @property
    def joiner(self) -> str:
        """What stands between two words that were said."""
        ...

    @property
    def vocab_size(self) -> int:
        """Number of ids that can occur, 0 among them."""
        ...

    def tokens(self, text: str) -> list[str]:
        """Tokens of the text before they become ids."""
        ...

    def encode(self, text: str) -> list[int]:
        """Ids of the text."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Text of the ids."""
        ...

    def word(self, token_id: int) -> str:
        """The word of one id, as it is said; "" for one that has none."""
        ...

    def has_token(self, token_id: int) -> bool:
        """Whether an id stands for a token of its own."""
        ...

    def id(self, word: str) -> int | None:
        """Id of one token, spelled as `tokens` gives it; `oov_id` for one that is not in the vocabulary."""
        ...

    def reread(self, token_id: int) -> tuple[int, ...]:
        """The ids of a token that was said, where a text is read again."""
        ...

    def speller(self, context: Sequence[int] = (), *, spaced: bool = False) -> Speller | None:
        """Spells what follows the ids of a text, which perhaps ends in white space; None where each token is spelled
        as it stands in the vocabulary, whatever is before it.
        """
        ...

    def joined(self, words: Iterable[str]) -> Iterator[str]:
        """A text of words that were said, piece by piece."""
        ...

    def spelled(self, prefix: str) -> str:
        """Letters of a begun word as `keys` have them."""
        ...

    def letters(self, begun: str) -> str:
        """What was typed of a begun word, "" for what no word begins with."""
        ...

    def typed(self) -> Callable[[str], tuple[list[str], str]]:
        """Parts a text that is typed: finished parts, to be read one by one, and the word that is begun."""
        ...

    def suggested(self, word: str, context: Sequence[int]) -> str:
        """A word as it would be written after the ids of a text."""
        ...

    def oov_rate(self, text: str) -> float:
        """Share of the text's tokens, 0 to 1, that the vocabulary lacks."""
        ...

    def to_json(self) -> str:
        """The tokenizer file."""
        ...


def from_json(text: str) -> AnyTokenizer:
    """Read a tokenizer file of edgeword's own; TokenizerError for anything else, saying what and how to mend it."""
    try:
        options = options_of(parse_json(text))
        return cast(AnyTokenizer, read_record(_kind(options.get("level")), options, "tokenizer"))
    except RecordError as error:
        raise TokenizerError(f"{error}; export or save the tokenizer again") from None


def _kind(level: object) -> type[Any]:
    if not isinstance(level, str) or level not in _KINDS:
        raise TokenizerError(f"tokenizer: level must be one of {', '.join(_KINDS)}, not {level!r}")
    module, name = _KINDS[level]
    return cast("type[Any]", getattr(import_module(f"edgeword.tokenizers.{module}"), name))
