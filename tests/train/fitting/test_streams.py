"""Streams hold every text once, whole and in order, with a target at every position but its first."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword_train.data.token_lines import token_lines
from edgeword_train.fitting.streams import FEWEST_ROWS, MOST_ROWS, STEPS, chunk_length, streams_of

OOV = 1
TEXTS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), min_size=1, max_size=8)


def pairs(streams):
    """(context within the text, target) for each target that counts, read as a model reads it."""
    contexts = [[] for _ in range(streams.rows)]
    for chunk in streams.chunks():
        assert chunk.inputs.shape == (streams.rows, streams.length)
        for row, context in enumerate(contexts):
            for token, target, known, going_on in zip(
                chunk.inputs[row], chunk.targets[row], chunk.known[row], chunk.going_on[row], strict=True
            ):
                if not going_on:
                    context.clear()
                context.append(int(token))
                if known:
                    yield tuple(context), int(target)


@settings(max_examples=30)
@given(TEXTS, st.integers(1, 3), st.integers(1, 7), st.integers(0, 9))
def test_each_target_of_each_text_is_read_once_whatever_the_rows(texts, rows, length, seed):
    streams = streams_of(token_lines(texts, 10), OOV, length, rows).shuffled(np.random.default_rng(seed))
    found = [(context[-1], target) for context, target in pairs(streams)]
    wanted = [pair for text in texts for pair in pairwise(text) if pair[1] != OOV]
    assert sorted(found) == sorted(wanted)
    assert streams.words == len(wanted)
    assert len(list(streams.chunks())) == streams.steps


@settings(max_examples=30)
@given(TEXTS, st.integers(1, 7))
def test_one_row_carries_a_text_from_chunk_to_chunk_and_begins_each_anew(texts, length):
    found = sorted(pairs(streams_of(token_lines(texts, 10), OOV, length, 1)))
    assert found == sorted(
        (tuple(text[:end]), text[end]) for text in texts for end in range(1, len(text)) if text[end] != OOV
    )


def test_a_small_text_is_read_in_few_rows_and_a_large_one_in_many():
    assert streams_of(token_lines([[2] * 100], 10), None, 10).rows == FEWEST_ROWS
    assert streams_of(token_lines([[2] * (STEPS * 10 * 8)], 10), None, 10).rows == 8
    assert streams_of(token_lines([[2] * 100_000], 10), None, 10).rows == MOST_ROWS


def test_a_chunk_is_no_longer_than_the_longest_text():
    short, long = token_lines([[2] * 5, [3] * 8], 10), token_lines([[2] * 50], 10)
    assert (chunk_length(short, 32), chunk_length(long, 32)) == (7, 32)


def test_the_share_of_unknown_words():
    assert streams_of(token_lines([[2, 1], [1, 3]], 10), OOV, 4).oov_rate == 0.5
    assert streams_of(token_lines([[2, 1]], 10), None, 4).oov_rate == 0


def test_what_counts_is_counted_over_more_tokens_than_are_read_at_once():
    lines = token_lines([[2, OOV, 3, 4], [OOV, 5]] * 30_000, 10)
    streams = streams_of(lines, OOV, 32)
    assert (streams.tokens, streams.words, streams.oov_rate) == (180_000, 90_000, 1 / 3)
