"""The learning curve shows every epoch, both texts and the epoch that is kept."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from edgeword_train.fitting.history import Epoch
from edgeword_train.fitting.learning_curve import draw_learning_curve, learning_curve

FIGURES = [(90.0, 95.5), (40.0, 70.0), (30.0, 75.0)]
HISTORY = [Epoch(number, *both, 1.0, 1.0, 0.1, 0.2) for number, both in enumerate(FIGURES, 1)]


def test_the_lines_are_the_history() -> None:
    (axes,) = learning_curve(HISTORY, kept=2).axes
    train, held_out, kept = axes.get_lines()
    np.testing.assert_array_equal(train.get_xydata(), [(1, 90), (2, 40), (3, 30)])
    np.testing.assert_array_equal(held_out.get_xydata(), [(1, 95.5), (2, 70), (3, 75)])
    assert list(kept.get_xdata()) == [2, 2]


def test_the_axes_say_what_they_show() -> None:
    (axes,) = learning_curve(HISTORY, kept=2).axes
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("epoch", "perplexity (log scale)", "log")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "train, with dropout",
        "held out",
        "kept: epoch 2",
    ]


@pytest.mark.parametrize("epochs", [1, 3])
def test_the_picture_is_a_png_of_its_size(epochs: int) -> None:
    picture = draw_learning_curve(HISTORY[:epochs], kept=1)
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">II", picture[16:24]) == (840, 504)


def test_equal_histories_give_equal_pictures() -> None:
    assert draw_learning_curve(HISTORY, 2) == draw_learning_curve(HISTORY, 2) != draw_learning_curve(HISTORY, 3)
