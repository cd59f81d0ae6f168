"""How words are timed: what is counted, and when a variant is warm."""

import gc
import itertools

import pytest

from edgeword import load
from edgeword.bundle import Bundle
from edgeword.decoding import decoder_factory
from edgeword.language_model import candidates
from edgeword_bench.sittings import Effort, EngineClock, SharedEngine, Timed, WatchedEngine, sit, warm_up, words_of

EFFORT = Effort(sittings=2, rounds=3, words=60, turn_s=0, least_s=0, most_sittings=2)
PROMPT = "the cell reads"


@pytest.fixture
def timed(step_bundle):
    return [Timed(pair) for pair in candidates(Bundle(step_bundle), precision="float32")]


def test_every_sitting_loads_anew_and_every_turn_has_its_words(step_bundle, timed):
    references = list(sit(str(step_bundle), PROMPT, timed, 1, EFFORT))
    assert len(references) == EFFORT.sittings
    for one in timed:
        assert len(one.loads_s) == EFFORT.sittings
        assert len(one.prompts_s) == len(one.first_words_s) == EFFORT.sittings * EFFORT.rounds
        assert one.words_a_round == 10
        assert [[len(turn) for turn in sitting] for sitting in one.sittings_us] == [[10] * 3] * 2
        assert all(us > 0 for sitting in one.sittings_us for turn in sitting for us in turn)
        assert all(first > prompt for first, prompt in zip(one.first_words_s, one.prompts_s, strict=True))


def test_a_step_is_one_run_and_a_replayed_window_several(step_bundle, replay_bundle, timed):
    list(sit(str(step_bundle), PROMPT, timed, 1, EFFORT))
    assert [one.engine_runs / len(one.engine_us) for one in timed] == [1.0, 1.0]
    replayed = [Timed(pair) for pair in candidates(Bundle(replay_bundle), precision="float32")]
    list(sit(str(replay_bundle), PROMPT, replayed, 1, EFFORT))
    assert all(one.engine_runs / len(one.engine_us) > 1 for one in replayed)


def test_sittings_go_on_until_they_have_lasted(step_bundle, timed):
    patient = Effort(sittings=1, rounds=1, words=1, turn_s=0, least_s=1000, most_sittings=3)
    assert len(list(sit(str(step_bundle), PROMPT, timed[:1], 1, patient))) == 3


def test_what_is_timed_are_the_words_of_generate(step_bundle, monkeypatch):
    lm = load(step_bundle, "onnx", "float32")
    said = []
    stream = lm.stream
    monkeypatch.setattr(lm, "stream", lambda *given: (said.append(word) or word for word in stream(*given)))
    turn = words_of(lm, PROMPT, 7)
    assert tuple(said) == lm.generate(PROMPT, 8).words
    assert len(turn.words_us) == 7


def test_the_garbage_collector_rests_while_words_are_timed_and_not_after(step_bundle, timed, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "edgeword_bench.sittings.words_of", lambda *given: seen.append(gc.isenabled()) or words_of(*given)
    )
    assert gc.isenabled()
    list(sit(str(step_bundle), PROMPT, timed[:1], 1, Effort(sittings=1, rounds=1, words=5, turn_s=0, least_s=0)))
    assert seen[-1] is False  # the turn; warming up comes before it
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
