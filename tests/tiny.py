"""Texts, contexts and models of a few kilobytes. Only the models need Keras, and import it when they are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeword.tokenizers.tokenizer import Tokenizer

if TYPE_CHECKING:
    import keras

LINES = (
    "the cell reads a word and keeps a state",
    "the state is what the cell remembers of the text",
    "a gate decides what the cell forgets",
    "the model names the next word and reads it again",
    "a device runs the model without a network",
    "the word with the largest logit is the greedy word",
    "a small model fits on a device and says the same words",
    "padding fills the window before the text begins",
)
WINDOW = 12

TOKENIZER = Tokenizer.fit(LINES, oov_token="<oov>")
VOCABULARY = TOKENIZER.vocab_size
SEQUENCES = [TOKENIZER.encode(line) for line in LINES]

SHORT = SEQUENCES[0][:5]
LONG = [token for ids in SEQUENCES[:5] for token in ids]
# Where decoders are asked, and what the Keras models of the golden bundles were asked too.
CONTEXTS: dict[str, list[int]] = {
    "empty": [],
    "one token": [2],
    "short": SHORT,
    "as long as the window": LONG[:WINDOW],
    "one more": LONG[: WINDOW + 1],
    "three windows": LONG[: 3 * WINDOW],
    "padding inside": [5, 0, 7, 0, 0, 9],
    "padding at its end": [5, 7, 0],
    "padding inside and at its end": [*SHORT, 0, 0, 3, 0],
    "nothing but padding": [0, 0],
}


def model(layers: Sequence[keras.layers.Layer], length: int | None = WINDOW, seed: int = 1) -> keras.Sequential:
    """A Sequential model with random weights; see `drawn`."""
    import keras

    keras.utils.set_random_seed(seed)
    return drawn(keras.Sequential([keras.Input((length,), dtype="int32"), *layers]), seed)


def drawn(model: keras.Model, seed: int = 1) -> keras.Model:
    """Weights large enough that the words differ clearly in probability, and no state that explodes."""
    random = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        gain = 3.0 if weight.shape[-1] == model.output_shape[-1] else 1.0
        fan_in = 1 if "embeddings" in weight.name else weight.shape[0]
        weight.assign(random.normal(0, gain / np.sqrt(fan_in), weight.shape))
    return model


def lstm(
    length: int | None = WINDOW, *, mask_zero: bool = True, sequences: bool = False, units: int = 32
) -> keras.Sequential:
    """Embedding, LSTM, softmax: the model of the notebooks."""
    from keras import layers

    return recurrent(layers.LSTM(units, return_sequences=sequences), length, mask_zero=mask_zero)


def recurrent(
    layer: keras.layers.Layer,
    length: int | None = WINDOW,
    *,
    mask_zero: bool = True,
    embedding: int = 24,
    seed: int = 1,
    vocabulary: int = VOCABULARY,
) -> keras.Sequential:
    """Embedding, a recurrent layer, softmax."""
    from keras import layers

    first = layers.Embedding(vocabulary, embedding, mask_zero=mask_zero)
    return model([first, layer, layers.Dense(vocabulary, activation="softmax")], length, seed)


def convolution(embedding: int = 24, filters: int = 32, seed: int = 1) -> keras.Sequential:
    """A model that no step graph can be made of."""
    from keras import layers

    return model(
        [
            layers.Embedding(VOCABULARY, embedding),
            layers.Conv1D(filters, 3, activation="tanh"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(VOCABULARY, activation="softmax"),
        ],
        seed=seed,
    )
