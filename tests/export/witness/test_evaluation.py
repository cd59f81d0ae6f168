"""The text that variants are measured on, where there is none: sampled as the model itself is read."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as k

from edgeword.padding import Padding
from edgeword_export.source.evaluation import MAX_POSITIONS, encoded, evaluation_of, sampled
from edgeword_export.source.keras_model import inspect_model, window_of
from edgeword_export.witness.reference import Reference
from tests import tiny


@pytest.fixture(scope="module")
def source():
    """A model that says id 5 after a window whose last place is padding, and id 7 after any other."""
    last = k.Lambda(lambda ids: ids[:, -1:])
    flag = k.Embedding(tiny.VOCABULARY, 1)
    model = tiny.model([last, flag, k.Flatten(), k.Dense(tiny.VOCABULARY, activation="softmax")])
    flag.embeddings.assign(np.where(np.arange(tiny.VOCABULARY) == 0, 0.0, 1.0)[:, None])
    kernel, bias = np.zeros((1, tiny.VOCABULARY)), np.zeros(tiny.VOCABULARY)
    bias[5], kernel[0, 5], kernel[0, 7] = 50, -50, 50
    model.layers[-1].set_weights([kernel, bias])
    return inspect_model(model)


@pytest.mark.parametrize(("side", "expected"), [("pre", 7), ("post", 5)])
def test_what_is_sampled_follows_the_padding_rule(source, side, expected):
    window = window_of(source, tiny.WINDOW, Padding(side=side))
    sequences = sampled(Reference(source, window, windowed=True).after, 6, tiny.VOCABULARY, count=8)
    assert {token for ids in sequences for token in ids[1:]} == {expected}


def test_what_is_sampled_is_the_same_again():
    source = inspect_model(tiny.lstm())
    window = window_of(source, tiny.WINDOW, Padding())
    after = Reference(source, window, windowed=True).after
    first = sampled(after, 15, tiny.VOCABULARY, count=4)
    assert first == sampled(after, 15, tiny.VOCABULARY, count=4)
    assert {len(ids) for ids in first} == {15}
    assert len({tuple(ids) for ids in first}) == 4
    assert all(0 < token < tiny.VOCABULARY for ids in first for token in ids)


def test_no_piece_is_longer_than_wanted_and_none_of_one_token():
    evaluation = evaluation_of("here", [list(range(1, 11)), [1]], vocabulary=50, longest=3)
    assert evaluation.sequences == ((1, 2, 3), (4, 5, 6), (7, 8, 9))
    assert evaluation.tokens == 9


def test_the_reference_is_bounded():
    evaluation = evaluation_of("here", [[1] * 500] * 100, vocabulary=400_000, longest=60)
    assert evaluation.tokens <= 100


@settings(max_examples=25)
@given(st.lists(st.integers(0, 9), max_size=400), st.integers(3, 60))
def test_of_a_long_text_no_more_is_read_than_is_measured(lengths, longest):
    read = []

    def texts():
        for length in itertools.cycle([*lengths, 5]):
            read.append(length)
            yield " ".join(["cell"] * length)

    sequences = encoded(texts(), tiny.TOKENIZER)
    whole = [[tiny.TOKENIZER.id("cell")] * length for length in [*read, *([5] * 1000)] if length > 1]
    assert evaluation_of("here", sequences, 50, longest) == evaluation_of("here", whole, 50, longest)
    assert sum(length for length in read if length > 1) < 2 * MAX_POSITIONS + 10
