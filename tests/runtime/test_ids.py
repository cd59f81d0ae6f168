"""Ids that a caller gives are whole numbers of the vocabulary, or a ValueError, at every entry."""

import numpy as np
import pytest

from edgeword import UsageError, load
from edgeword.decoding.decoder import Snapshot

V = 42
ODD = {
    "true": True,
    "false": False,
    "numpy's true": np.bool_(True),
    "below": -1,
    "far below": -(2**63),
    "the vocabulary's size": V,
    "beyond 32 bits": 2**31,
    "wrapped to a word": 2**32 + 1,
    "beyond 64 bits": 2**64 + 1,
    "numpy's below": np.int64(-1),
    "numpy's beyond": np.uint64(2**64 - 1),
    "a float": 1.0,
    "numpy's float": np.float32(1),
    "no number": float("nan"),
    "infinite": float("inf"),
    "a text": "3",
    "bytes": b"3",
    "nothing": None,
    "a list": [1],
    "an array of floats": np.array([1.0]),
    "complex": 1j,
}
FINE = {"an int": 3, "numpy's": np.int64(3), "of one byte": np.uint8(3), "of no shape": np.array(3)}


def _restored(lm, odd):
    decoder = lm.decoder()
    decoder.begin([1])
    decoder.restore(Snapshot((odd,), decoder.snapshot().state))


ENTRIES = {
    "begin": lambda lm, odd: lm.decoder().begin([odd]),
    "begin after others": lambda lm, odd: lm.decoder().begin([1, 2, odd]),
    "advance": lambda lm, odd: lm.decoder().advance(odd),
    "restore": _restored,
    "score of the first": lambda lm, odd: lm.score_ids([odd, 1]),
    "score of one": lambda lm, odd: lm.score_ids([1, odd, 2]),
    "score of the last": lambda lm, odd: lm.score_ids([1, 2, odd]),
}


@pytest.fixture(scope="module", params=["step", "replay", "window"])
def lm(request):
    return load(request.getfixturevalue(f"{request.param}_bundle"))


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_no_id_is_a_value_error_of_one_line(lm, entry):
    for odd in ODD.values():
        with pytest.raises(UsageError, match="is no id of the vocabulary; give whole numbers from 0 to 41") as refusal:
            ENTRIES[entry](lm, odd)
        assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_a_whole_number_is_an_id(lm, entry):
    for fine in FINE.values():
        ENTRIES[entry](lm, fine)


def test_a_decoder_stands_where_it_stood(lm):
    decoder = lm.decoder()
    decoder.begin([1, 2])
    before = decoder.greedy()
    for odd in ODD.values():
        with pytest.raises(UsageError):
            decoder.advance(odd)
        with pytest.raises(UsageError):
            decoder.begin([3, odd])
    assert decoder.greedy() == before
