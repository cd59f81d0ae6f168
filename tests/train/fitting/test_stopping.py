"""When a training ends, which epoch is kept, and what its epochs came to."""

from __future__ import annotations

from typing import Any

import pytest

from edgeword_train.fitting.history import Epoch, best_epoch, words_per_second
from edgeword_train.fitting.stopping import PATIENCE, Stopping, stopping_for
from edgeword_train.options import TrainingOptions


def history(*held_out: float, perplexity: float = 20.0) -> list[Epoch]:
    return [Epoch(number, perplexity, value, 1.0, 100.0, 0.1, 0.2) for number, value in enumerate(held_out, 1)]


@pytest.mark.parametrize(
    ("held_out", "over", "kept"),
    [
        ((9, 8), False, 2),
        ((9, 8, 8.5), False, 2),
        ((9, 8, 8.5, 8.2), True, 2),
        ((9, 8, 8, 8), True, 2),
        ((9, 8, 8.5, 7), False, 4),
        ((9, 8, 7, 6, 5), True, 5),
    ],
)
def test_a_training_ends_with_its_patience_or_its_epochs(held_out: tuple[float, ...], over: bool, kept: int) -> None:
    stopping = Stopping(epochs=5, patience=2, by_heart=False)
    assert stopping.is_over(history(*held_out)) == over
    assert stopping.kept_epoch(history(*held_out)) == kept


@pytest.mark.parametrize(("perplexity", "over"), [(20.0, False), (3.01, False), (3.0, True)])
def test_a_text_is_memorized_until_it_is_known_and_the_last_epoch_is_kept(perplexity: float, over: bool) -> None:
    stopping = Stopping(epochs=9, patience=1, by_heart=True)
    epochs = history(5, 6, 7, 8, perplexity=perplexity)
    assert (stopping.is_over(epochs), stopping.kept_epoch(epochs)) == (over, 4)


@pytest.mark.parametrize("by_heart", [False, True])
def test_nothing_is_over_before_it_began(by_heart: bool) -> None:
    assert not Stopping(epochs=1, patience=1, by_heart=by_heart).is_over([])


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, (PATIENCE, False)), ({"memorize": True}, (PATIENCE, True)), ({"patience": 7}, (7, False))],
)
def test_a_text_is_memorized_only_where_that_is_asked_for(given: dict[str, Any], expected: tuple[int, bool]) -> None:
    stopping = stopping_for(TrainingOptions(**given))
    assert (stopping.patience, stopping.by_heart) == expected


def test_the_first_of_equal_epochs_is_the_best() -> None:
    assert best_epoch(history(9, 7, 7, 8)) == 2


def test_speed_is_over_all_words_and_seconds() -> None:
    assert words_per_second([Epoch(1, 9.0, 9.0, 1.0, 100.0, 0.1, 0.2), Epoch(2, 9.0, 9.0, 3.0, 20.0, 0.1, 0.2)]) == 40.0
