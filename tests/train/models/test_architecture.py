"""The models that are trained: causal, with logits at every position, and the cell that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from edgeword_train.models.architecture import CELLS, build
from edgeword_train.options import CELL_NAMES, TrainingOptions
from edgeword_train.presets import PRESETS

V, L = 9, 6


def options(cell: str, **changed: object) -> TrainingOptions:
    return TrainingOptions(**{"cell": cell, "layers": 2, "units": 4, "embedding": 3, "dropout": 0.3, **changed})


def ids_of(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.int32)


def test_every_cell_name_has_its_row() -> None:
    assert tuple(CELLS) == CELL_NAMES


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_logits_at_a_position_know_nothing_of_what_follows(cell: str) -> None:
    architecture = build(options(cell), V)
    logits = np.asarray(architecture.model(ids_of([3, 4, 5, 6, 7, 8], [3, 4, 5, 1, 2, 0])))
    assert (logits.shape, logits.dtype) == ((2, L, V), np.float32)
    np.testing.assert_array_equal(logits[0, :3], logits[1, :3])
    assert not np.allclose(logits[0, 3:], logits[1, 3:])


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_dropout_acts_between_steps_and_between_layers(cell: str) -> None:
    ids = ids_of([3, 4, 5, 6, 7, 8])
    for given in ({"dropout": 0.5}, {"dropout": 0.0, "recurrent_dropout": 0.5}):
        model = build(options(cell, **given), V).model
        assert not np.allclose(model(ids, training=True), model(ids, training=False))


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_a_projection_narrows_what_the_next_layer_and_the_head_see(cell: str) -> None:
    model = build(options(cell, units=8, projection=5), V).model
    kernels = [weight.shape for weight in model.weights if weight.name == "recurrent_kernel"]
    assert [rows for rows, _ in kernels] == [5, 5]
    assert model.get_layer("logits").kernel.shape == (5, V)


def test_the_keyboard_preset_is_the_published_model() -> None:
    model = build(TrainingOptions(**PRESETS["keyboard"]), PRESETS["keyboard"]["vocab_size"]).model
    assert model.count_params() == pytest.approx(1.4e6, rel=0.02)


def test_tied_embeddings_read_and_name_words_by_one_table() -> None:
    model = build(options("lstm", embedding=4, tie_embeddings=True), V).model
    assert [weight.shape for weight in model.weights if V in weight.shape] == [(V, 4)]
