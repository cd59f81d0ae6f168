"""A checkpoint gives back what was saved, keeps no more than is needed, and says when it is damaged."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from edgeword_train.errors import RunError
from edgeword_train.fitting.checkpoint import Checkpoint
from edgeword_train.fitting.history import Epoch

HISTORY = [Epoch(number, 9.0, 7.0 + number, 0.5, 100.5, 0.1, 0.25) for number in (1, 2, 3)]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "checkpoint")


def variables(value: float) -> list[keras.Variable]:
    return [keras.Variable(np.full((2, 3), value, "float32")), keras.Variable(np.float32(value))]


def test_a_training_that_never_ended_an_epoch_has_no_history(checkpoint: Checkpoint) -> None:
    assert checkpoint.history() == []


def test_the_last_and_the_kept_epoch_come_back(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for done in (1, 2, 3):
        checkpoint.save(variables(done), HISTORY[:done], kept=1)
    assert checkpoint.history() == HISTORY
    assert sorted(file.name for file in (tmp_path / "checkpoint").iterdir()) == [
        "epoch-00001.npz",
        "epoch-00003.npz",
        "state.json",
    ]
    for epoch in (1, 3):
        restored = variables(0)
        checkpoint.restore(restored, epoch)
        assert [np.unique(variable.numpy()).tolist() for variable in restored] == [[epoch], [epoch]]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive"], ids=["empty", "cut", "text"])
def test_a_damaged_file_of_weights_is_refused(checkpoint: Checkpoint, tmp_path: Path, content: bytes) -> None:
    checkpoint.save(variables(1), HISTORY[:1], kept=1)
    (tmp_path / "checkpoint/epoch-00001.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"epoch-00001.npz is damaged; remove .* and train again"):
        checkpoint.restore(variables(0), 1)


def test_weights_of_another_model_are_refused(checkpoint: Checkpoint) -> None:
    checkpoint.save(variables(1), HISTORY[:1], kept=1)
    with pytest.raises(RunError, match="is damaged"):
        checkpoint.restore(variables(0)[:1], 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "state is not an object"),
        ('{"history": [{"epoch": 1}]}', r"state.history\[0\] misses 'held_out'"),
        ('{"history": [], "more": 1}', "state has the unknown key 'more'"),
    ],
)
def test_a_damaged_state_is_refused(checkpoint: Checkpoint, tmp_path: Path, content: str, message: str) -> None:
    checkpoint.save(variables(1), HISTORY[:1], kept=1)
    (tmp_path / "checkpoint/state.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=rf"state.json: {message}.*; remove {tmp_path} and train again") as caught:
        checkpoint.history()
    assert "\n" not in str(caught.value)
