"""How words are timed: what is counted, and when a variant is warm."""

import gc
import itertools

import pytest

from edgeword import load
from edgeword.bundle import Bundle
from edgeword.decoding import decoder_factory
from edgeword.language_model import candidates
from edgeword_bench import Effort, sitting
from edgeword_bench.sitting import Request, sit, warm_up, words_of
from edgeword_bench.watching import EngineClock, SharedEngine, WatchedEngine

EFFORT = Effort(sittings=2, rounds=3, words=60, turn_s=0)
PROMPT = "the cell reads"
FILES = ("model.float32.tflite", "model.float32.onnx")


def request(bundle, words=0, effort=EFFORT):
    return Request(str(bundle), PROMPT, 1, dict.fromkeys(FILES, words), effort, seed=0)


def test_every_turn_has_its_words(step_bundle):
    found = sit(request(step_bundle))
    assert found.reference_s > 0
    assert {seat.file for seat in found.seats} == set(FILES)
    for seat in found.seats:
        assert (seat.words_a_turn, seat.load_s > 0) == (10, True)
        assert [len(turn) for turn in seat.turns_us] == [10] * 3
        assert all(us > 0 for turn in seat.turns_us for us in turn)
        assert len(seat.prompts_s) == len(seat.first_words_s) == 3
        assert all(first > prompt for first, prompt in zip(seat.first_words_s, seat.prompts_s, strict=True))


def test_later_sittings_time_as_many_words_as_the_first(step_bundle):
    assert {seat.words_a_turn for seat in sit(request(step_bundle, words=7)).seats} == {7}


@pytest.mark.parametrize(("bundle", "fewest", "most"), [("step_bundle", 1, 1), ("replay_bundle", 1.01, 12)])
def test_a_step_is_one_run_and_a_replayed_window_several(bundle, fewest, most, request):
    asked = Request(str(request.getfixturevalue(bundle)), PROMPT, 1, dict.fromkeys(FILES, 0), EFFORT, seed=0)
    for seat in sit(asked).seats:
        assert fewest <= seat.engine_runs / len(seat.engine_us) <= most


def test_what_is_timed_are_the_words_of_generate(step_bundle, monkeypatch):
    lm = load(step_bundle, "onnx", "float32")
    said = []
    stream = lm.stream
    monkeypatch.setattr(lm, "stream", lambda *given: (said.append(word) or word for word in stream(*given)))
    turn = words_of(lm, PROMPT, 7)
    assert tuple(said) == lm.generate(PROMPT, 8).words
    assert len(turn.words_us) == 7


def test_the_garbage_collector_rests_while_words_are_timed_and_not_after(step_bundle, monkeypatch):
    seen = []
    monkeypatch.setattr(sitting, "words_of", lambda *given: seen.append(gc.isenabled()) or words_of(*given))
    assert gc.isenabled()
    sit(request(step_bundle))
    assert seen[-6:] == [False] * 6  # two variants, three turns; warming up comes before them
    assert gc.isenabled()


@pytest.mark.parametrize("engine", ["litert", "onnx"])
def test_a_watched_engine_says_the_same_words_on_the_same_graphs(step_bundle, engine):
    bundle = Bundle(step_bundle)
    ((kind, variant),) = candidates(bundle, engine, "float32")
    shared, clock = SharedEngine(kind.open(bundle.read(variant), 1)), EngineClock()
    plain = decoder_factory(shared, bundle.manifest)()
    watched = decoder_factory(WatchedEngine(shared, clock), bundle.manifest)()
    answers = []
    for decoder in (plain, watched, plain):
        decoder.begin([2, 3])
        answers.append([])
        for _ in range(5):
            token, _ = decoder.predict()
            decoder.push(token)
            answers[-1].append(token)
    assert answers[0] == answers[1] == answers[2]
    assert clock.runs == 6  # the prompt's first token, then five words
    assert clock.seconds > 0


def test_warm_is_what_no_longer_changes():
    medians = itertools.chain([900, 700, 300, 200, 150], itertools.repeat(100))
    asked = []
    seconds, settled = warm_up(lambda count: asked.append(count) or [next(medians)] * count)
    assert (seconds, settled) == (100e-6, True)
    assert len(asked) == 8


def test_what_goes_on_changing_is_not_warm():
    medians = itertools.cycle([100, 120])
    seconds, settled = warm_up(lambda count: [next(medians)] * count)
    assert not settled
    assert seconds in (100e-6, 120e-6)
