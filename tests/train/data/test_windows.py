"""The windows hold every pair of a prefix and its next token once, and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeword_train.data.windows import Windows, cut_windows, window_length

OOV = 1
SEQUENCES = st.lists(st.lists(st.integers(1, 9), max_size=30), max_size=8)


def pairs_of(windows: Windows) -> list[tuple[tuple[int, ...], int]]:
    """Each (prefix within its window, target) that counts."""
    rows, places = np.nonzero(windows.known)
    return [
        (tuple(windows.inputs[row, : place + 1].tolist()), int(windows.targets[row, place]))
        for row, place in zip(rows, places, strict=True)
    ]


def pairs_by_hand(sequences: list[list[int]], length: int) -> list[tuple[tuple[int, ...], int]]:
    return [
        (tuple(ids[(place - 1) // length * length : place]), ids[place])
        for ids in sequences
        for place in range(1, len(ids))
        if ids[place] != OOV
    ]


@given(SEQUENCES, st.integers(1, 12))
def test_every_pair_is_seen_exactly_once(sequences: list[list[int]], length: int) -> None:
    windows = cut_windows(sequences, length, OOV)
    assert sorted(pairs_of(windows)) == sorted(pairs_by_hand(sequences, length))
    assert windows.words == len(pairs_of(windows))


@given(SEQUENCES, st.integers(1, 12))
def test_nothing_counts_that_is_padding_or_oov(sequences: list[list[int]], length: int) -> None:
    windows = cut_windows(sequences, length, OOV)
    assert windows.inputs.shape == windows.targets.shape == windows.known.shape
    assert windows.inputs.dtype == windows.targets.dtype == np.int32
    assert (windows.known == (windows.targets > OOV)).all()
    assert (windows.inputs[windows.known] != 0).all()
    assert windows.known.any(axis=1).all()


def test_an_oov_token_stays_as_context() -> None:
    windows = cut_windows([[5, OOV, 6]], 4, OOV)
    assert windows.inputs.tolist() == [[5, OOV, 6, 0]]
    assert windows.targets.tolist() == [[OOV, 6, 0, 0]]
    assert windows.known.tolist() == [[False, True, False, False]]


def test_the_window_is_no_longer_than_a_line_can_fill() -> None:
    assert [window_length([[1, 2, 3], [1, 2]], wanted) for wanted in (1, 2, 32)] == [1, 2, 2]
