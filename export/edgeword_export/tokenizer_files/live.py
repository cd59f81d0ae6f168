"""Tokenizers that live in Python: Keras' Tokenizer, TextVectorization and StringLookup, a dict, a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from edgeword.errors import TokenizerError
from edgeword.tokenizers.foreign import VECTORIZATION_PUNCTUATION
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.subword import SubwordTokenizer
from edgeword.tokenizers.text import TextTokenizer
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.tokenizer_files.vocabularies import from_attributes, from_ids, from_list

_STANDARDIZATIONS: dict[Any, dict[str, Any]] = {
    "lower_and_strip_punctuation": {"lower": True, "filters": VECTORIZATION_PUNCTUATION},
    "strip_punctuation": {"lower": False, "filters": VECTORIZATION_PUNCTUATION},
    "lower": {"lower": True, "filters": ""},
    None: {"lower": False, "filters": ""},
}


def from_live(source: Any) -> AnyTokenizer:
    """Tokenizer of an object; raises TokenizerError for one of another kind."""
    if isinstance(source, Tokenizer | TextTokenizer | SubwordTokenizer):
        return source
    for kind, read in _READERS:
        if isinstance(source, kind):
            return read(source)
    if isinstance(getattr(source, "word_index", None), dict):
        return from_attributes(vars(source))
    raise TokenizerError(
        f"a {type(source).__name__} is no tokenizer; give Keras' Tokenizer, a TextVectorization or StringLookup layer, "
        "a dict of words and their ids, or a file"
    )


def _vectorization(layer: Any) -> Tokenizer:
    config = layer.get_config()
    standardize, split = config["standardize"], config["split"]
    for name, value, known in (
        ("standardize", standardize, _STANDARDIZATIONS),
        ("split", split, ("whitespace", "character")),
        ("output_mode", config["output_mode"], ("int",)),
        ("ngrams", config["ngrams"], (None,)),
    ):
        if not isinstance(value, (str, type(None))) or value not in known:
            raise TokenizerError(f"TextVectorization with {name}={value!r} cannot be run on the device")
    options = _STANDARDIZATIONS[standardize]
    vocabulary = [str(word) for word in layer.get_vocabulary()]
    if split == "whitespace":
        return _of_words(vocabulary, options)
    # The layer lowercases A to Z alone, a tokenizer of characters every letter.
    if options["filters"] or (options["lower"] and any(word != word.lower() for word in vocabulary[2:])):
        raise TokenizerError(f"TextVectorization of characters with standardize={standardize!r} is not read")
    return Tokenizer(tuple(vocabulary[1:]), "char", vocabulary[1], 1, options["lower"])


def _of_words(vocabulary: list[str], options: dict[str, Any]) -> Tokenizer:
    """Words as a layer numbers them: padding 0, unknown 1."""
    return Tokenizer(tuple(vocabulary[1:]), oov_token=vocabulary[1], oov_id=1, punctuation="strip", **options)


def _lookup(layer: Any) -> Tokenizer:
    config = layer.get_config()
    if config["invert"] or config["num_oov_indices"] != 1:
        raise TokenizerError("StringLookup that is inverted, or has other than one unknown word, is not read")
    vocabulary = [str(word) for word in layer.get_vocabulary()]
    if config["mask_token"] is None:  # as the tutorials have it: what is unknown has the id 0
        return from_ids({word: place for place, word in enumerate(vocabulary)})
    words = vocabulary[2:]
    if words and all(len(word) == 1 for word in words):
        return Tokenizer(tuple(vocabulary[1:]), "char", vocabulary[1], 1, lower=False)
    return _of_words(vocabulary, _STANDARDIZATIONS[None])


_READERS: tuple[tuple[Any, Callable[[Any], Tokenizer]], ...] = (
    (keras.layers.TextVectorization, _vectorization),
    (keras.layers.StringLookup, _lookup),
    (dict, from_ids),
    ((list, tuple), lambda words: from_list(list(words))),
)
