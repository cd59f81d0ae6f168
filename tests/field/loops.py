"""Loops as owners write them: tokenize, pad, predict, argmax, look the word up, append it to the text.

Each takes the model and the owner's numbering and gives a function from prompt to the words that it prints behind it.
None of it is edgeword's: only Keras, NumPy, and what notebooks do with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras.utils import pad_sequences

from tests.field.tokens import Tokens

Says = Callable[[str], str]
Loop = Callable[[keras.Model, Tokens], Says]
Array = Any

WORDS = 20


def _told(tokens: Tokens, predicted: Callable[[list[int]], int]) -> Says:
    """The notebook's loop: the text so far is tokenized again for each word."""

    def says(prompt: str) -> str:
        text, output = prompt, []
        for _ in range(WORDS):
            output_word = tokens.word(predicted(tokens.encode(text)))
            text += tokens.joiner + output_word
            output.append(output_word)
        return tokens.joiner.join(output)

    return says


def padded(length: int, padding: str = "pre", truncating: str = "pre", value: int = 0, wrap: Any = None) -> Loop:
    """`pad_sequences(…, maxlen=length)`, and the answer `[B, V]`, or the last position of `[B, L, V]`.

    `wrap` puts the window where the model's inputs want it: into a list, under a name.
    """

    def loop(model: keras.Model, tokens: Tokens) -> Says:
        def predicted(token_list: list[int]) -> int:
            window = pad_sequences([token_list], maxlen=length, padding=padding, truncating=truncating, value=value)
            answer = model.predict_on_batch(wrap(window) if wrap else window)
            answer = answer[0] if isinstance(answer, (list, tuple)) else answer
            return int(np.argmax(answer[0, -1] if answer.ndim == 3 else answer[0]))

        return _told(tokens, predicted)

    return loop


def last_real(length: int, padding: str = "post") -> Loop:
    """Padded behind, and read at the last position that is no padding."""

    def loop(model: keras.Model, tokens: Tokens) -> Says:
        def predicted(token_list: list[int]) -> int:
            token_list = token_list[-length:]
            window = pad_sequences([token_list], maxlen=length, padding=padding)
            answer = model.predict_on_batch(window)
            return int(np.argmax(answer[0, len(token_list) - 1]))

        return _told(tokens, predicted)

    return loop


def unpadded(length: int | None = None) -> Loop:
    """The last tokens as they are, or all of them: `np.array([ids[-length:]])`."""

    def loop(model: keras.Model, tokens: Tokens) -> Says:
        def predicted(token_list: list[int]) -> int:
            shown = token_list[-length:] if length else token_list
            answer = np.asarray(model.predict_on_batch(np.array([shown])))
            return int(np.argmax(answer[0, -1] if answer.ndim == 3 else answer[0]))

        return _told(tokens, predicted)

    return loop


def appended(length: int) -> Loop:
    """The ids so far are kept, and the new one is appended to them."""

    def loop(model: keras.Model, tokens: Tokens) -> Says:
        def says(prompt: str) -> str:
            sequence, output = tokens.encode(prompt), []
            for _ in range(WORDS):
                x = pad_sequences([sequence], maxlen=length)
                next_id = int(np.argmax(model.predict_on_batch(x)[0]))
                sequence.append(next_id)
                output.append(tokens.word(next_id))
            return tokens.joiner.join(output)

        return says

    return loop


def last_word() -> Loop:
    """Only the last word is fed."""
    return unpadded(1)


def carried(model: keras.Model, tokens: Tokens) -> Says:
    """`stateful=True`: the prompt once, then the last word alone, the state kept by the layers."""

    def says(prompt: str) -> str:
        for layer in model._flatten_layers():
            if hasattr(layer, "reset_state") and getattr(layer, "stateful", False):
                layer.reset_state()
        for number in tokens.encode(prompt):
            predictions = np.asarray(model(np.array([[number]])))
        output = []
        for _ in range(WORDS):
            row = predictions[0, -1] if predictions.ndim == 3 else predictions[0]
            number = int(np.argmax(row))
            output.append(tokens.word(number))
            predictions = np.asarray(model(np.array([[number]])))
        return tokens.joiner.join(output)

    return says


def given_state(model: keras.Model, tokens: Tokens) -> Says:
    """The tutorials' loop: `states` go in and come out of a GRU with `return_state=True`."""
    embedding, gru, dense = (
        next(layer for layer in model.layers if isinstance(layer, kind))
        for kind in (keras.layers.Embedding, keras.layers.GRU, keras.layers.Dense)
    )

    def says(prompt: str) -> str:
        input_ids, states, output = tokens.encode(prompt), None, []
        for _ in range(WORDS):
            x, states = gru(embedding(np.array([input_ids])), initial_state=states)
            predicted_id = int(np.argmax(np.asarray(dense(x))[0, -1]))
            output.append(tokens.word(predicted_id))
            input_ids = [predicted_id]
        return tokens.joiner.join(output)

    return says


def vectorized(model: keras.Model, tokens: Tokens) -> Says:
    """`TextVectorization` cuts and pads by itself: what it gives is what the model reads."""

    def predicted(token_list: list[int]) -> int:
        answer = np.asarray(model.predict_on_batch(np.array([token_list])))
        return int(np.argmax(answer[0, -1] if answer.ndim == 3 else answer[0]))

    return _told(tokens, predicted)


def one_hot(length: int, fill: str = "space") -> Loop:
    """Rows of one-hot characters; a short prompt is filled up by spaces, or leaves rows of zeros where it ends."""

    def loop(model: keras.Model, tokens: Tokens) -> Says:
        def says(prompt: str) -> str:
            sentence, generated = prompt, ""
            for _ in range(WORDS * 2):
                seen = sentence[-length:]
                if fill == "space":
                    seen = seen.rjust(length)
                x_pred = np.zeros((1, length, tokens.size), np.float32)
                start = length - len(seen) if fill == "zeros in front" else 0
                for t, character in enumerate(seen):
                    x_pred[0, start + t, tokens.encode(character)[0]] = 1.0
                preds = model.predict_on_batch(x_pred)[0]
                next_char = tokens.word(int(np.argmax(preds[-1] if preds.ndim == 2 else preds)))
                generated += next_char
                sentence += next_char
            return generated

        return says

    return loop


def scaled(length: int) -> Loop:
    """`x / float(n_vocab)`, one number a character, the pattern filled up with spaces and shifted."""

    def loop(model: keras.Model, tokens: Tokens) -> Says:
        def says(prompt: str) -> str:
            pattern, result = tokens.encode(prompt.rjust(length)[-length:]), ""
            for _ in range(WORDS * 2):
                x = np.reshape(pattern, (1, len(pattern), 1)) / float(tokens.size)
                index = int(np.argmax(model.predict_on_batch(x.astype(np.float32))[0]))
                result += tokens.word(index)
                pattern.append(index)
                pattern = pattern[1:]
            return result

        return says

    return loop


def characters(length: int, value: int | None, padding: str = "pre") -> Loop:
    """Ids of characters, the last `length` of them, filled up with an id; None leaves a short text short."""

    def loop(model: keras.Model, tokens: Tokens) -> Says:
        def says(prompt: str) -> str:
            text = prompt
            for _ in range(WORDS * 2):
                numbers = tokens.encode(text[-length:])
                if value is not None:
                    numbers = pad_sequences([numbers], maxlen=length, value=value, padding=padding)[0]
                answer = np.asarray(model.predict_on_batch(np.array([numbers])))
                text += tokens.word(int(np.argmax(answer[0, -1] if answer.ndim == 3 else answer[0])))
            return text[len(prompt) :]

        return says

    return loop
