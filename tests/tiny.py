"""Models and texts of a few kilobytes, made by the tests themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from edgeword.tokenizers.tokenizer import Tokenizer

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

Layers = Callable[[], Sequence[keras.layers.Layer]]


def model(layers: Sequence[keras.layers.Layer], length: int | None = WINDOW, seed: int = 1) -> keras.Sequential:
    """A Sequential model with random weights; see `drawn`."""
    keras.utils.set_random_seed(seed)
    return drawn(keras.Sequential([keras.Input((length,), dtype="int32"), *layers]), seed)


def drawn(model: keras.Model, seed: int = 1) -> keras.Model:
    """Weights large enough that the words differ clearly in probability, and no state that explodes."""
    random = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        gain = 3.0 if weight.shape[-1] == VOCABULARY else 1.0
        fan_in = 1 if "embeddings" in weight.name else weight.shape[0]
        weight.assign(random.normal(0, gain / np.sqrt(fan_in), weight.shape))
    return model


def lstm(
    length: int | None = WINDOW, *, mask_zero: bool = True, sequences: bool = False, units: int = 32
) -> keras.Sequential:
    """Embedding, LSTM, softmax: the model of the notebooks."""
    return model(
        [
            keras.layers.Embedding(VOCABULARY, 24, mask_zero=mask_zero),
            keras.layers.LSTM(units, return_sequences=sequences),
            keras.layers.Dense(VOCABULARY, activation="softmax"),
        ],
        length,
    )
