"""Tokenizers that others wrote: Keras' `Tokenizer.to_json()` and plain vocabularies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeword.errors import TokenizerError
from edgeword.input_files import TOKENIZER, read_bounded
from edgeword.records import RecordError, parse_json
from edgeword.tokenizers import kinds
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.tokenizer import DEFAULT_FILTERS, MAX_ID, Tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

PADDING_TOKENS = ("", "[PAD]", "<pad>")
OOV_TOKENS = ("[UNK]", "<unk>")
# What TextVectorization's standardization "lower_and_strip_punctuation" removes.
VECTORIZATION_PUNCTUATION = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"

_OPTIONS = {"filters": DEFAULT_FILTERS, "lower": True, "split": " ", "oov_token": None}
_STATISTICS = ("document_count", "word_counts", "word_docs", "index_docs", "index_word")
_KERAS_KEYS = {*_OPTIONS, *_STATISTICS, "num_words", "char_level", "word_index"}
# An object, a list of strings, or a string that holds JSON itself; "[PAD]" and "[UNK]" are plain lines.
_LOOKS_LIKE_JSON = re.compile(r'\s*(?:[{\[]\s*["\]}]|"\s*\{)')


def read_tokenizer(path: str | PathLike[str]) -> AnyTokenizer:
    """Read a tokenizer in JSON (see `from_json`), or a plain vocabulary with one token per line.

    For the ids of a plain vocabulary see `from_vocabulary`. Raises InputFileError for a
    file that cannot be read, TokenizerError, naming the file, for what cannot be understood.
    """
    content = read_bounded(path, TOKENIZER)
    try:
        return _understand(content, suffix=Path(path).suffix.lower())
    except TokenizerError as error:
        raise TokenizerError(f"{path}: {error}") from error


def _understand(content: bytes, suffix: str) -> AnyTokenizer:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TokenizerError(
            f"not UTF-8 text (byte {error.start}); a pickled Tokenizer is not read: write tokenizer.to_json()"
        ) from error
    if suffix == ".json" or _LOOKS_LIKE_JSON.match(text):
        return from_json(text)
    return from_lines(text)


def from_json(text: str) -> AnyTokenizer:
    """Tokenizer of edgeword's own format, of Keras' `Tokenizer.to_json()`, or of a JSON list of tokens.

    Keras' text may be a JSON string itself, as `json.dump(tokenizer.to_json(), file)` writes it.
    Raises TokenizerError.
    """
    data = _parsed(text)
    if isinstance(data, str):
        text, data = data, _parsed(data)
    if isinstance(data, dict) and "format" in data:
        return kinds.from_json(text)
    return from_foreign(data)


def _parsed(text: str) -> Any:
    try:
        return parse_json(text)
    except RecordError as error:
        raise TokenizerError(f"not a tokenizer in JSON: {error}; export or save it again") from None


def from_foreign(data: object) -> Tokenizer:
    """Tokenizer of a parsed JSON value; TokenizerError where it is of no known format."""
    if isinstance(data, list):
        return from_vocabulary(data)
    if isinstance(data, dict) and data.get("class_name") == "Tokenizer":
        return from_keras(data.get("config"))
    raise TokenizerError(
        "not a tokenizer that edgeword reads; write tokenizer.to_json() of Keras' Tokenizer, "
        "or TextVectorization.get_vocabulary() as one token per line"
    )


def from_keras(config: Any) -> Tokenizer:
    """Tokenizer of the "config" of Keras' `Tokenizer.to_json()`; ids come from its word_index.

    An `analyzer` cannot be seen here, for Keras does not save it. Raises TokenizerError.
    """
    if not isinstance(config, dict) or "word_index" not in config:
        raise TokenizerError("Keras tokenizer: its config has no word_index; write tokenizer.to_json() again")
    unknown = sorted(config.keys() - _KERAS_KEYS)
    if unknown:
        raise TokenizerError(f"Keras tokenizer: unknown option {unknown[0]!r}; edgeword cannot honour it")
    char_level = config.get("char_level", False)
    if not isinstance(char_level, bool):
        raise TokenizerError(f"Keras tokenizer: char_level must be true or false, not {char_level!r}")
    options = {name: config.get(name, default) for name, default in _OPTIONS.items()}
    if char_level:
        del options["filters"], options["split"]
    words = _word_index(config["word_index"])
    oov_id = _oov_id(words, options["oov_token"])
    num_words = config.get("num_words") or None
    return Tokenizer(
        tuple(_by_id(words)), "char" if char_level else "word", oov_id=oov_id, num_words=num_words, **options
    )


def _word_index(encoded: object) -> dict[str, int]:
    """Ids by word, of a JSON object or of the text of one, as Keras nests it."""
    words = _parsed(encoded) if isinstance(encoded, str) else encoded
    if not isinstance(words, dict):
        raise TokenizerError("Keras tokenizer: word_index must be an object of words and their ids")
    for word, word_id in words.items():
        if type(word_id) is not int or not 1 <= word_id <= MAX_ID:
            raise TokenizerError(
                f"Keras tokenizer: {word!r} has the id {word_id!r}; ids run from 1 to {MAX_ID}, "
                "0 is padding; mend or delete it in tokenizer.word_index"
            )
    return words


def _by_id(words: dict[str, int]) -> list[str | None]:
    row: list[str | None] = [None] * max(words.values(), default=0)
    for word, word_id in words.items():
        if row[word_id - 1] is not None:
            raise TokenizerError(
                f"Keras tokenizer: {row[word_id - 1]!r} and {word!r} both have the id {word_id}; "
                "mend tokenizer.word_index"
            )
        row[word_id - 1] = word
    return row


def _oov_id(words: dict[str, int], oov_token: Any) -> int | None:
    if oov_token is None:
        return None
    if not isinstance(oov_token, str) or oov_token not in words:
        raise TokenizerError(
            f"Keras tokenizer: its oov_token {oov_token!r} is not in word_index; call fit_on_texts, then save it"
        )
    return words[oov_token]


def from_vocabulary(words: Sequence[str]) -> Tokenizer:
    """Tokenizer of a vocabulary, with TextVectorization's default standardization.

    A first token "", "[PAD]" or "<pad>" has id 0, as in `TextVectorization.get_vocabulary()`; otherwise
    the first token has id 1. The first "[UNK]" or "<unk>" is the OOV token. Raises TokenizerError.
    """
    tokens = tuple(words[1:] if words and words[0] in PADDING_TOKENS else words)
    if not tokens:
        raise TokenizerError("vocabulary: it holds no tokens; write one token per line")
    if "" in tokens:
        place = tokens.index("") + len(words) - len(tokens) + 1
        raise TokenizerError(f"vocabulary: token {place} is empty; only the first, for padding, may be")
    oov = next((token for token in tokens if token in OOV_TOKENS), None)
    return Tokenizer(
        tokens,
        oov_token=oov,
        oov_id=None if oov is None else tokens.index(oov) + 1,
        filters=VECTORIZATION_PUNCTUATION,
        punctuation="strip",
    )


def from_lines(text: str) -> Tokenizer:
    """Tokenizer of a plain vocabulary: one token per line, ended by LF or CR LF."""
    lines = text.removesuffix("\n").split("\n")
    return from_vocabulary([line.removesuffix("\r") for line in lines])
