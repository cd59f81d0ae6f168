"""What every decoder takes and refuses: ids, and snapshots."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from edgeword import UsageError
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.spec import EmptyPrompt
from edgeword.decoding.decoder import Snapshot
from edgeword.decoding.empty import EmptyAnswer
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import ENGINES
from tests import tiny
from tests.runtime.opened import decoder_of, open_variant
from tests.tiny import CONTEXTS, LONG, SHORT

BUNDLES = ("step", "replay", "window")
NO_IDS = [True, False, -1, tiny.VOCABULARY, 2**31, 2**40, math.nan, 1.0, "a", "1", b"1", None, [1], np.float32(1)]


@pytest.fixture(scope="module", params=BUNDLES)
def path(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_bundle")


@pytest.fixture(scope="module", params=ENGINES)
def make(path, request):
    """Decoders on one loaded variant."""
    return decoder_factory(open_variant(path, request.param), Bundle(path).spec)


def answers(decoder) -> tuple[tuple[int, float], bytes]:
    return decoder.greedy(), decoder.logits().tobytes()


@pytest.mark.parametrize("asked", [False, True], ids=["not asked", "asked"])
@pytest.mark.parametrize("token", NO_IDS, ids=repr)
def test_what_is_no_id_is_refused_and_nothing_forgotten(make, token, asked):
    decoder, twin = make(), make()
    for each in (decoder, twin):
        each.begin(LONG)
    if asked:
        decoder.greedy()
    for refused in (lambda: decoder.advance(token), lambda: decoder.begin([1, token, 2])):
        with pytest.raises(UsageError, match="is no id of the vocabulary; give whole numbers from 0 to 41") as error:
            refused()
        assert isinstance(error.value, ValueError)
    assert answers(decoder) == answers(twin)


def test_whole_numbers_of_numpy_are_ids(make):
    decoder, twin = make(), make()
    decoder.begin(np.array(SHORT, np.int64))
    twin.begin(SHORT)
    decoder.advance(np.int32(3))
    twin.advance(3)
    assert answers(decoder) == answers(twin)


@pytest.mark.parametrize("ids", CONTEXTS.values(), ids=CONTEXTS)
@pytest.mark.parametrize("asked", [False, True], ids=["not asked", "asked"])
def test_another_decoder_goes_on_from_a_snapshot(make, ids, asked):
    decoder, other = make(), make()
    other.begin(LONG)
    other.greedy()
    decoder.begin(ids)
    if asked:
        decoder.greedy()
    other.restore(decoder.snapshot())
    for token in (3, 0, 7):
        assert answers(other) == answers(decoder)
        other.advance(token)
        decoder.advance(token)


def test_a_snapshot_stays_where_it_was_taken(make):
    decoder, twin = make(), make()
    decoder.begin(SHORT)
    twin.begin(SHORT)
    snapshot = decoder.snapshot()
    expected = answers(twin)
    for token in LONG:
        decoder.greedy()
        decoder.advance(token)
    for _ in range(2):
        decoder.restore(snapshot)
        assert answers(decoder) == expected
        decoder.advance(5)
        decoder.greedy()


def test_a_snapshot_goes_from_engine_to_engine(path):
    first, second = (decoder_of(path, engine) for engine in ENGINES)
    first.begin(LONG)
    second.restore(first.snapshot())
    np.testing.assert_allclose(second.logits(), first.logits(), atol=1e-5)
    assert second.greedy()[0] == first.greedy()[0]


FOREIGN = {
    "another model's state": ((1,), (np.zeros((1, 5), np.float32),)),
    "a state too many": ((1,), tuple(np.zeros((1, 32), np.float32) for _ in range(3))),
    "more ids than a decoder keeps": (tuple(range(1, 14)), ()),
    "no id": ((99,), None),
    "true": ((True,), None),
}


@pytest.mark.parametrize(("ids", "state"), FOREIGN.values(), ids=FOREIGN)
def test_a_snapshot_of_another_model_is_refused_and_nothing_forgotten(make, ids, state):
    decoder, twin = make(), make()
    for each in (decoder, twin):
        each.begin(SHORT)
    snapshot = Snapshot(ids, decoder.snapshot().state if state is None else state)
    with pytest.raises(UsageError, match=r"of another model|no id of the vocabulary"):
        decoder.restore(snapshot)
    assert answers(decoder) == answers(twin)


@pytest.mark.parametrize(("name", "other"), [("step", "window"), ("window", "step"), ("replay", "step")])
def test_a_snapshot_of_another_decode_mode_is_refused(request, name, other):
    decoder, stranger = (decoder_of(request.getfixturevalue(f"{bundle}_bundle")) for bundle in (name, other))
    stranger.begin(SHORT)
    with pytest.raises(UsageError, match="of another model"):
        decoder.restore(stranger.snapshot())


def test_an_empty_prompt_has_a_probability_for_every_word(step_bundle):
    """A spec lists some words; the others share what these leave, and none is more probable than a listed one."""
    spec = Bundle(step_bundle).spec
    listed = EmptyPrompt((7, 3, 9), (math.log(0.5), math.log(0.3), math.log(0.1)))
    answer = EmptyAnswer(dataclasses.replace(spec, empty_prompt=listed))
    probabilities = np.exp(answer.logits().astype(np.float64))
    assert answer.greedy == (7, math.log(0.5))
    assert probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert probabilities[[7, 3, 9]] == pytest.approx([0.5, 0.3, 0.1])
    assert np.delete(probabilities, [7, 3, 9]) == pytest.approx(0.1 / (tiny.VOCABULARY - 3))
    certain = EmptyAnswer(dataclasses.replace(spec, empty_prompt=EmptyPrompt((7,), (0.0,)))).logits()
    assert np.isfinite(certain).all()
    assert certain.argmax() == 7
