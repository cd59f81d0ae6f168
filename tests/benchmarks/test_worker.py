"""How subjects are timed in one process: what is counted, when one is warm, and each alone in what goes wrong."""

import gc
import itertools

import pytest

from edgeword import load
from edgeword.bundle.bundle import Bundle
from edgeword.choice.choosing import candidates
from edgeword.decoding.factory import decoder_factory
from edgeword.generation.loop import greedy
from edgeword_bench import Effort
from edgeword_bench.measuring import variant
from edgeword_bench.measuring.clock import warm_up
from edgeword_bench.measuring.subject import Request, Subject, Turn
from edgeword_bench.measuring.variant import EngineClock, SharedVariant, WatchedVariant, stream_words, subject_of
from edgeword_bench.measuring.worker import time_subjects

EFFORT = Effort(processes=2, turns=3, words=60, turn_s=0)
PROMPT = "the cell reads"
FILES = ("model.float32.tflite", "model.float32.onnx")


def request(bundle, words=0, effort=EFFORT):
    subjects = tuple(subject_of(str(bundle), file, 1, PROMPT) for file in FILES)
    return Request(subjects, dict.fromkeys(FILES, words) if words else {}, effort, seed=0)


def test_every_turn_has_its_words(step_bundle):
    found = time_subjects(request(step_bundle))
    assert found.reference_s > 0
    assert {times.name for times in found.subjects} == set(FILES)
    for times in found.subjects:
        assert (times.words_a_turn, times.facts["load_s"] > 0) == (10, True)
        assert [len(turn.words_us) for turn in times.turns] == [10] * 3
        assert all(us > 0 for turn in times.turns for us in turn.words_us)
        assert all(turn.first_word_s > turn.prompt_s for turn in times.turns)
        assert len(times.cores_busy) == 3


def test_later_processes_time_as_many_words_as_the_first(step_bundle):
    assert {times.words_a_turn for times in time_subjects(request(step_bundle, words=7)).subjects} == {7}


@pytest.mark.parametrize(("bundle", "fewest", "most"), [("step_bundle", 1, 1), ("replay_bundle", 1.01, 12)])
def test_a_step_is_one_run_and_a_replayed_window_several(bundle, fewest, most, request):
    subject = subject_of(str(request.getfixturevalue(bundle)), FILES[1], 1, PROMPT)
    (times,) = time_subjects(Request((subject,), {}, EFFORT, seed=0)).subjects
    for turn in times.turns:
        assert fewest <= turn.engine_runs / len(turn.engine_us) <= most


def test_what_is_timed_are_the_words_of_generate(step_bundle, monkeypatch):
    lm = load(step_bundle, "onnx", "float32")
    said = []
    stream = lm.stream
    monkeypatch.setattr(lm, "stream", lambda *given: (said.append(word) or word for word in stream(*given)))
    _, _, words_us = stream_words(lm, PROMPT, 7)
    assert tuple(said) == lm.generate(PROMPT, 8).words
    assert len(words_us) == 7


def test_the_garbage_collector_rests_while_words_are_timed_and_not_after(step_bundle, monkeypatch):
    seen = []
    monkeypatch.setattr(variant, "stream_words", lambda *given: seen.append(gc.isenabled()) or stream_words(*given))
    assert gc.isenabled()
    time_subjects(request(step_bundle))
    assert set(seen) == {False}
    assert gc.isenabled()


@pytest.mark.parametrize("engine", ["litert", "onnx"])
def test_a_watched_variant_says_the_same_words_on_the_same_graphs(step_bundle, engine):
    bundle = Bundle(step_bundle)
    ((kind, file),) = candidates(bundle, engine, "float32")
    shared, clock = SharedVariant(kind.open(bundle.read(file), 1)), EngineClock()
    plain = decoder_factory(shared, bundle.spec)()
    watched = decoder_factory(WatchedVariant(shared, clock), bundle.spec)()
    answers = []
    for decoder in (plain, watched, plain):
        decoder.begin([2, 3])
        answers.append([token for token, _ in itertools.islice(greedy(decoder), 5)])
    assert answers[0] == answers[1] == answers[2]
    assert clock.runs == 6  # the prompt's first token, then five words
    assert clock.seconds > 0


class Fake:
    """A subject whose every word takes 5 µs, until it breaks."""

    def __init__(self, turns: float = float("inf")):
        self.facts, self.left = {"library": "fake 1"}, turns

    def turn(self, words: int) -> Turn:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("out of memory\nin line 3")
        return Turn((5.0,) * words)


def broken() -> Fake:
    raise OSError("no such library")


def fake(name: str, maker: str = "Fake", **options) -> Subject:
    return Subject(name, f"{__name__}:{maker}", options)


def test_what_goes_wrong_with_one_subject_is_its_reason_alone():
    subjects = (fake("whole"), fake("broken", "broken"), fake("late", turns=5), fake("early", turns=1))
    found = time_subjects(Request(subjects, {}, EFFORT, seed=3))
    assert [(times.name, len(times.turns), times.facts) for times in found.subjects] == [("whole", 3, Fake().facts)]
    assert found.reasons == {
        "broken": "OSError: no such library",
        "late": "RuntimeError: out of memory",
        "early": "RuntimeError: out of memory",
    }


def test_the_order_goes_by_the_seed():
    subjects = tuple(fake(str(number)) for number in range(8))
    orders = [
        [times.name for times in time_subjects(Request(subjects, {}, EFFORT, seed)).subjects] for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]


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


@pytest.mark.parametrize(("text", "timed"), [("abcd", 10), ("a", 0), ("", 0)])
def test_a_text_that_ends_is_begun_again(text, timed):
    """So many words are timed as were asked for; none where nothing follows a first word."""

    class Short:
        def stream(self, prompt, max_words):
            return iter(text[:max_words])

    _, _, words_us = stream_words(Short(), PROMPT, 10)
    assert len(words_us) == timed
