"""Tokenizers of bare vocabularies: what the file does not say is taken from the words themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from edgeword.errors import TokenizerError
from edgeword.records import RecordError, parse_json
from edgeword.tokenizers.foreign import OOV_TOKENS, PADDING_TOKENS, from_keras, from_vocabulary
from edgeword.tokenizers.tokenizer import DEFAULT_FILTERS, MAX_ID, Tokenizer
from edgeword_export.tokenizer_files.pickled_objects import OldText

PADDING = (*PADDING_TOKENS, "<PAD>", "[pad]", "<padding>", "PAD", "pad", "padding", "_PAD_")
_OOV = (*OOV_TOKENS, "<UNK>", "<OOV>", "<oov>", "[OOV]")
# Attributes of Keras' Tokenizer that decide which ids a text gets.
_OPTIONS = ("num_words", "filters", "lower", "split", "char_level", "oov_token")


def from_attributes(attributes: Mapping[str, Any]) -> Tokenizer:
    """Tokenizer of the attributes of Keras' own, as a pickle or a live one holds them; raises TokenizerError."""
    if attributes.get("analyzer") is not None:
        raise TokenizerError("its analyzer is code of its owner's, which edgeword cannot run on the device")
    words = attributes.get("word_index")
    if isinstance(words, str):  # get_config() keeps it as JSON
        try:
            words = parse_json(words)
        except RecordError as error:
            raise TokenizerError(f"word_index: {error}; write tokenizer.to_json() again") from None
    if not isinstance(words, dict) or not words:
        raise TokenizerError("the Tokenizer knows no words; call fit_on_texts, then save it again")
    options = {name: attributes[name] for name in _OPTIONS if name in attributes}
    for name, value in options.items():
        if not isinstance(value, (str, int, type(None))):
            raise TokenizerError(f"the Tokenizer's {name} is of type {type(value).__name__}; save it again")
    options.setdefault("num_words", attributes.get("nb_words"))
    if options.get("char_level") and any(isinstance(word, OldText) and not word.isascii() for word in words):
        raise TokenizerError("its characters are bytes of Python 2, which are no text; number them again")
    # Until Keras 2.1.2, which knew no oov_token, a tokenizer of characters did not lowercase, whatever it was told.
    if options.get("char_level") and ("oov_token" not in options or _has_capitals(words)):
        options["lower"] = False
    return _tokenizer(options, *_split(words))


def from_ids(words: Mapping[str, int]) -> Tokenizer:
    """Tokenizer of ids by word, as `Tokenizer.word_index` or `char_to_idx`; raises TokenizerError.

    One character each makes it a tokenizer of characters. A capital letter in it means that nothing is lowercased,
    a punctuation mark that it is no separator. "<OOV>", "<unk>" and their like stand for what is not in it.
    """
    told, zero = _split(words)
    plain = [word for word in words if word not in (*_OOV, *PADDING)]
    options: dict[str, Any] = {"lower": not _has_capitals(plain)}
    options["oov_token"] = next((word for word in told if word in _OOV), None)
    if _are_characters(plain):
        options["char_level"] = True
    else:
        used = set().union(*plain) if plain else set()
        options["filters"] = "".join(mark for mark in DEFAULT_FILTERS if mark not in used)
    return _tokenizer(options, told, zero)


def from_list(words: list[str]) -> Tokenizer:
    """Tokenizer of a list: characters with the ids 0, 1, …, or words as `from_vocabulary` reads them."""
    if _are_characters([word for word in words if word not in (*PADDING, *_OOV)]):
        if len(set(words)) < len(words):
            raise TokenizerError("a character stands twice in the list; keep one")
        return from_ids({word: place for place, word in enumerate(words)})
    return from_vocabulary(words)


def _has_capitals(words: Iterable[Any]) -> bool:
    return any(isinstance(word, str) and word != word.lower() for word in words)


def _are_characters(words: Iterable[str]) -> bool:
    lengths = {len(word) for word in words}
    return lengths == {1}


def _split(words: Mapping[Any, Any]) -> tuple[dict[str, int], str | None]:
    """The words with an id from 1 on, and the word of id 0, if it has one."""
    told: dict[str, int] = {}
    zero: str | None = None
    for word, word_id in words.items():
        if not isinstance(word, str) or type(word_id) is not int or not 0 <= word_id <= MAX_ID:
            raise TokenizerError(f"word_index must give text an id from 0 to {MAX_ID}; mend it and save it again")
        if word_id:
            told[str(word)] = word_id
        elif zero is not None:
            raise TokenizerError(f"{zero!r} and {word!r} both have the id 0; keep one")
        else:
            zero = str(word)
    return told, zero


def _tokenizer(config: Mapping[str, Any], words: Mapping[str, int], zero: str | None) -> Tokenizer:
    """Keras' tokenizer of these words; id 0 is padding where its word is empty or says so, or what is unknown."""
    plain = from_keras({**config, "word_index": words})
    if zero in _OOV and plain.oov_id is None:
        return dataclasses.replace(plain, oov_id=0)
    return dataclasses.replace(plain, zero=None if zero in PADDING else zero)


def fillers(tokenizer: Tokenizer) -> list[int]:
    """Ids but 0 that loops fill a short text up with: those of `<pad>` and its like, and of the space of characters."""
    names = [name for name in PADDING if name and not name.isalpha()]
    found = map(tokenizer.id, [*names, " "] if tokenizer.level == "char" else names)
    return [each for each in dict.fromkeys(found) if each and each != tokenizer.oov_id]
