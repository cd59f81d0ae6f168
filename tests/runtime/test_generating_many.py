"""Many prompts side by side: each gets the words that it gets alone."""

import dataclasses
import itertools
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeword
from edgeword import UsageError
from edgeword.decoding.batches.step_batch import StepBatch
from edgeword.engines.engine import ENGINES
from tests import tiny

WORDS = [*tiny.TOKENIZER.vocabulary, "zebra"]
PROMPTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join), max_size=12)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0.5, 1.0]),
        "top_k": st.sampled_from([1, 5]),
        "repetition_penalty": st.just(1.3),
        "no_repeat_ngram": st.just(2),
        "stop": st.lists(st.sampled_from(["cell", "s a", "e", "the word"]), min_size=1, max_size=2),
        "min_words": st.integers(0, 3),
        "deny": st.sampled_from([{"the"}, {"the cell", "word"}]),
        "allow": st.just({"word", "state", "text", "gate", "the"}),
    },
)
# What every text shares is one seed, and each draws its own numbers of it.
SEED = {"seed": 5}


@pytest.fixture(scope="module")
def lm(step_bundle):
    return edgeword.load(step_bundle, "litert", "float32")


def without_numbers(generation):
    """A generation without what rounding and time make of it."""
    return dataclasses.replace(generation, timings=None, logprobs=())


def check_same(found, expected):
    assert list(map(without_numbers, found)) == list(map(without_numbers, expected))
    for one, other in zip(found, expected, strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-5)


@given(prompts=PROMPTS, options=OPTIONS, batch=st.sampled_from([None, 2, 3, 5]), max_words=st.integers(3, 9))
@settings(max_examples=40, deadline=None)
def test_a_batch_of_mixed_prompts_is_each_alone(models, prompts, options, batch, max_words):
    for lm in models:
        expected = [lm.generate(prompt, max_words, **options, **SEED) for prompt in prompts]
        check_same(list(lm.generate_many(prompts, max_words, batch=batch, **options, **SEED)), expected)


@pytest.mark.parametrize("precision", ["dynamic-int8", "dynamic-int8-per-tensor"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["step", "replay", "window"])
def test_no_row_depends_on_another_in_eight_bits_either(request, name, engine, precision):
    """Where an engine quantizes all rows with one scale, texts are continued one by one."""
    path = request.getfixturevalue(f"{name}_bundle")
    if (engine, precision) == ("onnx", "dynamic-int8-per-tensor"):
        pytest.skip("a precision of TFLite's")
    lm = edgeword.load(path, engine, precision)
    prompts = ["the cell", "", "a word", " ".join(tiny.LINES[:2]), "gate zebra"] * 8
    check_same(list(lm.generate_many(prompts, 9)), [lm.generate(prompt, 9) for prompt in prompts])


def test_prompts_are_read_as_they_are_needed_and_answered_in_their_order(lm):
    read = []

    def prompts():
        for number in itertools.count():
            read.append(number)
            yield WORDS[1 + number % 20]

    answers = lm.generate_many(prompts(), 4, batch=3)
    assert not read
    for number in range(10):
        assert next(answers).prompt == WORDS[1 + number % 20]
        assert len(read) <= number + 1 + 2 * 3


def test_a_slow_text_does_not_let_others_wait_without_end(step_bundle):
    lm = edgeword.load(step_bundle, "litert", "float32")
    read = []

    def prompts():
        for number in range(2000):
            read.append(number)
            yield "the cell" if number == 0 else "gate"

    alone = lm.generate("gate", 1).words[0]
    answers = lm.generate_many(prompts(), 10_000, batch=2, stop=[alone])
    next(answers)
    assert len(read) < 100


@pytest.mark.parametrize("options", [{"batch": 3}, {"repetition_penalty": 1.5}])
def test_each_text_may_have_a_seed_of_its_own(models, options):
    prompts, seeds = ["the cell", "the", "", "the cell"] * 3, range(12)
    drawn = {"max_words": 6, "temperature": 1.0}
    for lm in models:
        found = list(lm.generate_many(iter(prompts), seeds=iter(seeds), **drawn, **options))
        options = {name: value for name, value in options.items() if name != "batch"}
        expected = [lm.generate(prompt, seed=seed, **drawn, **options) for prompt, seed in zip(prompts, seeds)]  # noqa: B905
        check_same(found, expected)


def test_beams_are_followed_one_text_at_a_time(lm):
    prompts = ["the cell", "a"]
    check_same(list(lm.generate_many(prompts, 6, beams=3)), [lm.generate(prompt, 6, beams=3) for prompt in prompts])


def test_what_is_no_prompt_is_refused_when_its_turn_comes(lm):
    answers = lm.generate_many(["the cell", "a", 3, "the"], 3)
    assert [next(answers).prompt, next(answers).prompt] == ["the cell", "a"]
    with pytest.raises(UsageError, match="3"):
        next(answers)


@pytest.mark.parametrize(
    ("prompts", "options", "message"),
    [
        ("the cell", {}, "one text"),
        ([], {"batch": 0}, "batch"),
        ([], {"batch": True}, "batch"),
        ([], {"max_words": 0}, "max_words"),
        ([], {"allow": {"zebra"}}, "allow"),
    ],
)
def test_options_are_refused_at_once(lm, prompts, options, message):
    with pytest.raises(UsageError, match=message):
        lm.generate_many(prompts, **options)


def test_other_threads_and_other_batches_have_their_turns(lm):
    prompts = [" ".join(line.split()[:number]) for line in tiny.LINES for number in (1, 3, 5)]
    expected = [lm.generate(prompt, 12).words for prompt in prompts]
    found: dict[int, list[tuple[str, ...]]] = {}

    def many(number):
        found[number] = [generation.words for generation in lm.generate_many(prompts, 12, batch=4)]

    threads = [threading.Thread(target=many, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    between = [lm.generate(prompt, 12).words for prompt in prompts]
    for thread in threads:
        thread.join()
    assert [between, *found.values()] == [expected] * 4


def test_two_batches_side_by_side_do_not_see_each_other(lm):
    prompts = ["the cell", "a word", "gate"]
    pairs = zip(lm.generate_many(prompts, 8, batch=2), lm.generate_many(prompts[::-1], 8, batch=2), strict=True)
    first, second = zip(*pairs, strict=True)
    check_same(list(first), [lm.generate(prompt, 8) for prompt in prompts])
    check_same(list(second), [lm.generate(prompt, 8) for prompt in prompts[::-1]])


def test_a_closed_model_says_nothing_more(step_bundle):
    lm = edgeword.load(step_bundle, "litert", "float32")
    answers = lm.generate_many(itertools.repeat("the cell"), 4)
    next(answers)
    lm.close()
    with pytest.raises(UsageError, match="closed"):
        list(itertools.islice(answers, 200))


def test_what_is_done_makes_room_at_once(lm, monkeypatch):
    """No row waits for the longest text of its batch: the engine runs once for each full set of rows."""
    runs = []
    run = StepBatch.run

    def counted(self, wanted=None):
        runs.append(wanted)
        return run(self, wanted)

    monkeypatch.setattr(StepBatch, "run", counted)
    prompts = ["the cell"] * 40
    stop = lm.generate("the cell", 2).words[1]
    words = [*lm.generate_many(prompts, 12, batch=4, stop=[stop])]
    assert {generation.finish_reason for generation in words} == {"stop"}
    # Ten texts a row, each with a token to read and two words to find.
    assert len(runs) <= 10 * 3 + 3


def test_who_came_first_is_served_first(lm):
    """A full set of new texts does not keep an older one waiting."""
    read = []

    def prompts():
        for number in itertools.count():
            read.append(number)
            yield "the cell"

    for number, _ in zip(range(200), lm.generate_many(prompts(), 4), strict=False):
        assert len(read) <= number + 1 + 2 * 64
