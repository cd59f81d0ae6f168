"""A model over streams is the model: whatever the chunks, with the state carried, each text from its beginning."""

from __future__ import annotations

import numpy as np
import pytest

from edgeword_train.models.architecture import build
from edgeword_train.models.streaming import StreamingModel
from edgeword_train.options import CELL_NAMES, TrainingOptions

TEXTS = [[3, 4, 5, 6, 7], [8, 2, 3], [4, 6, 2, 5]]
IDS = np.array([[token for text in TEXTS for token in text]], np.int32)
GOING_ON = np.array([[0.0 if place == 0 else 1.0 for text in TEXTS for place, _ in enumerate(text)]], np.float32)


@pytest.mark.parametrize("projection", [None, 3])
@pytest.mark.parametrize("cell", CELL_NAMES)
def test_streams_give_what_the_model_gives(cell, projection):
    architecture = build(TrainingOptions(cell=cell, projection=projection, layers=2, units=4, embedding=3), 9)
    body = StreamingModel(architecture)
    states, found = body.start(1), []
    for part in (slice(0, 6), slice(6, 12)):
        hidden, states = body(IDS[:, part], GOING_ON[:, part], states, training=False)
        found.append(architecture.head(hidden)[0])
    wanted = [architecture.model(np.array([text], np.int32))[0] for text in TEXTS]
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(wanted), atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "cifg-lstm", "gru"])
@pytest.mark.parametrize("projection", [None, 24])
def test_dropout_is_drawn_anew_for_each_chunk(cell, projection):
    for given in ({"dropout": 0.5}, {"dropout": 0.0, "recurrent_dropout": 0.5}):
        options = TrainingOptions(cell=cell, projection=projection, units=32, embedding=24, **given)
        body = StreamingModel(build(options, 9))
        first, second = (body(IDS, GOING_ON, body.start(1), training=True)[0] for _ in range(2))
        assert not np.allclose(first, second)
