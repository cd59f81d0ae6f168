"""The options: their ranges, and that the function, the command and the record know the same ones."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from edgeword import UsageError
from edgeword_train import train
from edgeword_train.options import TrainingOptions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "rnn"}, "cell must be one of .*, not 'rnn'"),
        ({"tokens": "line"}, "tokens must be one of text, word, char"),
        ({"layers": 0}, "layers must be a whole number from 1 to 16, not 0"),
        ({"units": 1.5}, "units must be a whole number"),
        ({"units": True}, "units must be a whole number"),
        ({"embedding": 10**9}, "embedding must be"),
        ({"vocab_size": 3}, "vocab_size must be a whole number from 4"),
        ({"window": 0}, "window must be"),
        ({"epochs": -1}, "epochs must be"),
        ({"batch": 0}, "batch must be"),
        ({"recurrent_dropout": 1}, "recurrent_dropout must be a number from 0 to 0.9, not 1"),
        ({"projection": 0}, "projection must be a whole number from 1"),
        ({"tie_embeddings": True, "units": 16}, "give --embedding 16"),
        ({"memorize": 1}, "memorize must be true or false, not 1"),
        ({"learning_rate": 0}, "learning_rate must be a number from 1e-06 to 1, not 0"),
        ({"patience": 0}, "patience must be"),
        ({"dropout": 1}, "dropout must be a number from 0 to 0.9, not 1"),
        ({"dropout": float("nan")}, "dropout must be a number"),
        ({"seed": -1}, "seed must be a whole number from 0"),
    ],
)
def test_an_option_out_of_its_range_is_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        train(["primer"], tmp_path / "run", **options)


def test_the_keywords_of_train_are_the_options_with_their_defaults() -> None:
    keywords = {
        name: parameter.default
        for name, parameter in inspect.signature(train).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name != "watch"
    }
    assert keywords == {field.name: field.default for field in fields(TrainingOptions)}


@pytest.mark.parametrize(
    ("options", "width"),
    [
        ({"units": 9}, 9),
        ({"units": 9, "projection": 3}, 3),
        ({"cell": "projected-lstm", "units": 9}, 4),
        ({"cell": "projected-lstm", "units": 1}, 1),
    ],
)
def test_the_output_is_as_wide_as_the_projection(options: dict[str, Any], width: int) -> None:
    assert TrainingOptions(**options).output_width == width
