"""How owners number their words, and what they keep of that: their own lookups, their own files."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from keras import layers
from keras.src.legacy.preprocessing.text import Tokenizer, text_to_word_sequence

from tests.field.corpus import CHARACTERS, LINES


@dataclass(frozen=True)
class Tokens:
    """An owner's numbering."""

    encode: Callable[[str], list[int]]
    word: Callable[[int], str]
    """What the loop prints for an id."""
    size: int
    """How many ids the owner gives the model: V."""
    keep: Callable[[Path], Any]
    """Write what the owner keeps into a folder; what is given as the tokenizer: a file, or an object."""
    unsaid: tuple[int, ...] = (0,)
    """Ids that training never shows as the next word, so that the model does not say them."""
    joiner: str = " "


def fitted(**options: Any) -> Tokenizer:
    """The notebook's tokenizer."""
    tokenizer = Tokenizer(**options)
    tokenizer.fit_on_texts(LINES)
    return tokenizer


def of_keras(keep: Callable[[Tokenizer, Path], Any], wide: bool = True, **options: Any) -> Tokens:
    """`Tokenizer`, `texts_to_sequences`, and the lookup of every second notebook: a loop over `word_index`.

    `wide` is a model of `len(word_index) + 1` words, whatever `num_words` says.
    """
    tokenizer = fitted(**options)

    def word(index: int) -> str:
        output_word = ""
        for candidate, number in tokenizer.word_index.items():
            if number == index:
                output_word = candidate
                break
        return output_word

    return Tokens(
        lambda text: tokenizer.texts_to_sequences([text])[0],
        word,
        len(tokenizer.word_index) + 1 if wide else options["num_words"],
        lambda folder: keep(tokenizer, folder),
        (0, tokenizer.word_index[options["oov_token"]]) if options.get("oov_token") else (0,),
        "" if options.get("char_level") else " ",
    )


def of_dict(word_to_idx: dict[str, int], keep: Callable[[dict[str, int], Path], Any], unknown: str | None) -> Tokens:
    """`word_to_idx` and `idx_to_word`, and text cut at spaces."""
    idx_to_word = {number: word for word, number in word_to_idx.items()}

    def encode(text: str) -> list[int]:
        words = "".join(c for c in text.lower() if c.isalpha() or c == " ").split()
        if unknown is None:
            return [word_to_idx[word] for word in words if word in word_to_idx]
        return [word_to_idx.get(word, word_to_idx[unknown]) for word in words]

    special = tuple(number for word, number in word_to_idx.items() if word.startswith("<"))
    return Tokens(
        encode, idx_to_word.__getitem__, max(idx_to_word) + 1, lambda folder: keep(word_to_idx, folder), special
    )


def of_word_index_get(keep: Callable[[Tokenizer, Path], Any], split: bool = False) -> Tokens:
    """`[tokenizer.word_index.get(word, 0) for word in …]`: an unknown word is read as padding."""
    tokenizer = fitted()
    index_word = {number: word for word, number in tokenizer.word_index.items()}

    def encode(text: str) -> list[int]:
        words = text.lower().split() if split else text_to_word_sequence(text)
        return [tokenizer.word_index.get(word, 0) for word in words]

    return Tokens(
        encode, lambda number: index_word.get(number, ""), len(index_word) + 1, lambda folder: keep(tokenizer, folder)
    )


def of_lookup(mask_token: str | None) -> Tokens:
    """`StringLookup`, of characters as in the tutorials (no mask: "[UNK]" is 0) or of words."""
    words = list(CHARACTERS) if mask_token is None else WORDS
    ids_of = layers.StringLookup(vocabulary=words, mask_token=mask_token)
    words_of = layers.StringLookup(vocabulary=ids_of.get_vocabulary(), invert=True, mask_token=mask_token)
    cut: Callable[[str], list[str]] = list if mask_token is None else str.split
    return Tokens(
        lambda text: np.asarray(ids_of(cut(text))).tolist(),
        lambda number: words_of(np.array([number])).numpy()[0].decode(),
        len(ids_of.get_vocabulary()),
        lambda folder: ids_of,
        (0,) if mask_token is None else (0, 1),
        "" if mask_token is None else " ",
    )


def of_characters(char_to_idx: dict[str, int], keep: Callable[[Path], Any], size: int | None = None) -> Tokens:
    """`char_to_idx` and `idx_to_char`."""
    idx_to_char = {number: character for character, number in char_to_idx.items()}
    most = max(idx_to_char)
    return Tokens(
        lambda text: [char_to_idx[c] for c in text],
        lambda number: idx_to_char.get(number, ""),
        size or most + 1,
        keep,
        () if 0 in idx_to_char else (0,),
        "",
    )


def of_vectorization(keep: Callable[[Any, Path], Any], **options: Any) -> Tokens:
    """`TextVectorization`, whose vocabulary has "" at 0 and "[UNK]" at 1."""
    layer = layers.TextVectorization(**options)
    layer.adapt(np.array(LINES))
    vocabulary = layer.get_vocabulary()
    return Tokens(
        lambda text: np.asarray(layer([text]))[0].tolist(),
        vocabulary.__getitem__,
        len(vocabulary),
        lambda folder: keep(layer, folder),
        (0, 1),
    )


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file of this content."""
    file = folder / name
    file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return file


def as_json(tokenizer: Tokenizer, folder: Path) -> Path:
    """`tokenizer.to_json()`, written as it is."""
    return written(folder, "tokenizer.json", tokenizer.to_json())


def as_json_string(tokenizer: Tokenizer, folder: Path) -> Path:
    """`json.dump(tokenizer.to_json(), file)`: JSON in a JSON string."""
    return written(folder, "tokenizer.json", json.dumps(tokenizer.to_json()))


def as_pickle(tokenizer: Tokenizer, folder: Path) -> Path:
    """`pickle.dump(tokenizer, file)`."""
    return written(folder, "tokenizer.pickle", pickle.dumps(tokenizer))


def as_pickled_pair(tokenizer: Tokenizer, folder: Path) -> Path:
    """`pickle.dump((tokenizer, max_sequence_len), file)`."""
    return written(folder, "data.pkl", pickle.dumps((tokenizer, 12)))


def as_pickled_dict(tokenizer: Tokenizer, folder: Path) -> Path:
    """`pickle.dump({"tokenizer": …, "max_len": …}, file)`."""
    return written(folder, "assets.pkl", pickle.dumps({"max_len": 12, "tokenizer": tokenizer}))


def as_word_index(tokenizer: Tokenizer, folder: Path) -> Path:
    """`json.dump(tokenizer.word_index, file)`."""
    return written(folder, "word_index.json", json.dumps(tokenizer.word_index))


def as_index_word(tokenizer: Tokenizer, folder: Path) -> Path:
    """`json.dump(tokenizer.index_word, file)`."""
    return written(folder, "index_word.json", json.dumps(tokenizer.index_word))


def for_javascript(tokenizer: Tokenizer, folder: Path) -> Path:
    """`{"wordIndex": …}`, as a web page wants it."""
    content = {"wordIndex": tokenizer.word_index, "maxLen": 12}
    return written(folder, "vocab.json", json.dumps(content))


def as_array(tokenizer: Tokenizer, folder: Path) -> Path:
    """`np.save("word_index.npy", tokenizer.word_index)`."""
    np.save(folder / "word_index.npy", np.array(dict(tokenizer.word_index)), allow_pickle=True)
    return folder / "word_index.npy"


def live(tokenizer: Any, folder: Path) -> Any:
    """The object itself, in Python."""
    return tokenizer


def dict_as_json(word_to_idx: dict[str, int], folder: Path) -> Path:
    """`json.dump(word_to_idx, file)`."""
    return written(folder, "word_to_idx.json", json.dumps(word_to_idx))


def dict_as_pickle(word_to_idx: dict[str, int], folder: Path) -> Path:
    """Both directions beside each other, in one pickle."""
    both = {"word_to_idx": word_to_idx, "idx_to_word": {number: word for word, number in word_to_idx.items()}}
    return written(folder, "vocab.pkl", pickle.dumps(both))


def as_lines(layer: Any, folder: Path) -> Path:
    """The layer's vocabulary, one token a line."""
    return written(folder, "vocab.txt", "\n".join(layer.get_vocabulary()) + "\n")


def as_list(layer: Any, folder: Path) -> Path:
    """The layer's vocabulary as a JSON list."""
    return written(folder, "vocab.json", json.dumps(layer.get_vocabulary()))


def numbered(words: Sequence[str], first: int = 0) -> dict[str, int]:
    """Ids in order."""
    return {word: number for number, word in enumerate(words, first)}


WORDS = sorted({word for line in LINES for word in line.split()})
CHAR_TO_IDX = numbered(CHARACTERS)
CHAR_TO_IDX_FROM_1 = numbered(CHARACTERS, 1)


def characters_json(folder: Path) -> Path:
    """`json.dump(sorted(set(text)), file)`."""
    return written(folder, "characters.json", json.dumps(list(CHARACTERS)))


def char_to_idx_json(folder: Path) -> Path:
    """`json.dump(char_to_idx, file)`, ids from 0."""
    return written(folder, "char_to_idx.json", json.dumps(CHAR_TO_IDX))


def char_from_1_json(folder: Path) -> Path:
    """The same with ids from 1."""
    return written(folder, "char_to_idx.json", json.dumps(CHAR_TO_IDX_FROM_1))


def char_mappings_pickle(folder: Path) -> Path:
    """Both directions and the size, with NumPy's integers, as `np.unique` leaves them."""
    mappings = {
        "char_to_idx": {character: np.int64(number) for character, number in CHAR_TO_IDX.items()},
        "idx_to_char": np.array(list(CHARACTERS)),
        "vocab_size": len(CHARACTERS),
    }
    return written(folder, "char_mappings.pkl", pickle.dumps(mappings))
