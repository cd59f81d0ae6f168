"""What users hold: words, streams and scores that agree with each other, and errors that name what to do."""

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import edgeword
from edgeword import Tokenizer, UsageError, load
from edgeword.bundle.bundle import Bundle
from edgeword.engines.engine import ENGINES
from tests import tiny
from tests.runtime.changed import replace_file

BUNDLES = ("step", "replay", "window")


PROMPTS = {
    "short": "the cell",
    "empty": "",
    "nothing but spaces": " \n ",
    "unknown words only": "zebra quagga",
    "unknown among known": "the zebra reads",
    "one word": "padding",
    "longer than the window": " ".join(tiny.LINES[:3]),
}


@pytest.fixture(scope="module", params=[(name, engine) for name in BUNDLES for engine in ENGINES], ids="-".join)
def lm(request: pytest.FixtureRequest) -> edgeword.LanguageModel:
    name, engine = request.param
    return load(request.getfixturevalue(f"{name}_bundle"), engine, "float32")


@pytest.fixture(scope="module")
def step(step_bundle) -> edgeword.LanguageModel:
    return load(step_bundle)


def heard(generation: edgeword.Generation) -> edgeword.Generation:
    """A generation without what differs from run to run."""
    return dataclasses.replace(generation, timings=None)


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_generating_twice_gives_the_same(lm, prompt):
    assert heard(lm.generate(prompt)) == heard(lm.generate(prompt))


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_a_stream_gives_the_words_of_generate(lm, prompt):
    assert list(lm.stream(prompt, 15)) == list(lm.generate(prompt, 15).words)


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_fewer_words_are_the_first_of_more(lm, prompt):
    assert lm.generate(prompt, 4).ids == lm.generate(prompt, 12).ids[:4]
    assert lm.generate(prompt, 1).logprobs == lm.generate(prompt, 12).logprobs[:1]


def test_a_generation_fits_together(lm):
    generation = lm.generate("the cell", 20)
    assert generation.prompt == "the cell"
    assert generation.finish_reason == "length"
    assert len(generation.words) == len(generation.ids) == len(generation.logprobs) == 20
    assert generation.words == tuple(lm.tokenizer.word(token) for token in generation.ids)
    assert generation.text == " ".join(word for word in generation.words if word)
    assert all(-20 < logprob <= 0 for logprob in generation.logprobs)


def test_twenty_words_are_the_default(lm):
    assert len(lm.generate("the").words) == len(list(lm.stream("the"))) == 20


def test_timings_are_milliseconds_or_none(step):
    one, two = step.generate("the", 1).timings, step.generate("the", 2).timings
    assert one.load_ms == two.load_ms == step.load_ms > 0
    assert one.ms_per_word is None
    assert one.first_word_ms > 0
    assert two.ms_per_word > 0


def test_all_engines_say_the_same_words(lm):
    others = [load(lm.bundle.path, engine, "float32").generate("the cell", 30) for engine in ENGINES]
    for other in others:
        assert other.ids == lm.generate("the cell", 30).ids


def test_words_are_those_of_the_self_test(lm):
    self_test = lm.bundle.manifest.self_test
    prompt = lm.tokenizer.decode(self_test.prompt)
    generation = lm.generate(prompt, len(self_test.ids))
    assert lm.tokenizer.encode(prompt) == list(self_test.prompt)
    assert generation.ids == self_test.ids
    assert generation.logprobs == pytest.approx(self_test.logprobs, abs=1e-4)


def test_streams_side_by_side_do_not_disturb_each_other(lm):
    prompts = list(PROMPTS.values())
    streams = [lm.stream(prompt, 10) for prompt in prompts]
    turns = list(zip(*streams, strict=True))
    for prompt, words in zip(prompts, zip(*turns, strict=True), strict=True):
        assert words == lm.generate(prompt, 10).words


def test_a_stream_may_be_left_and_its_model_used_on(lm):
    expected = lm.generate("the cell", 10)
    stream = lm.stream("a device runs", 10)
    next(stream)
    assert heard(lm.generate("the cell", 10)) == heard(expected)
    stream.close()
    assert heard(lm.generate("the cell", 10)) == heard(expected)


def test_a_stream_refuses_before_its_first_word(step):
    with pytest.raises(UsageError):
        step.stream("the", 0)


def test_threads_hear_what_one_alone_hears(lm):
    prompts = [*PROMPTS.values(), *tiny.LINES] * 3

    def ask(prompt: str) -> tuple:
        words = tuple(lm.stream(prompt, 8))
        generation = lm.generate(prompt, 8)
        return words, generation.ids, generation.logprobs, lm.score(prompt).logprobs

    serial = [ask(prompt) for prompt in prompts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, prompts)) == serial


def test_a_thousand_words(lm):
    generation = lm.generate("the cell", 1000)
    assert len(generation.ids) == 1000
    assert all(math.isfinite(logprob) for logprob in generation.logprobs)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", ENGINES)
def test_threads_change_no_word(step_bundle, engine, threads):
    expected = load(step_bundle, engine, "float32").generate("the cell", 30)
    found = load(step_bundle, engine, "float32", threads=threads).generate("the cell", 30)
    assert found.ids == expected.ids


def recomputed(lm: edgeword.LanguageModel, text: str) -> list[float]:
    """Log-probabilities of a text's tokens after the first, from the logits, in float64."""
    ids = lm.tokenizer.encode(text)
    logprobs = []
    for place in range(1, len(ids)):
        decoder = lm.decoder()
        decoder.begin(ids[:place])
        logits = decoder.logits().astype(np.float64)
        if ids[place] != lm.tokenizer.oov_id:
            logprobs.append(logits[ids[place]] - np.log(np.exp(logits).sum()))
    return logprobs


@pytest.mark.parametrize("text", [tiny.LINES[0], " ".join(tiny.LINES), "the zebra reads a word"])
def test_a_score_is_the_mean_of_the_log_probabilities(lm, text):
    score = lm.score(text)
    expected = recomputed(lm, text)
    assert score.logprobs == pytest.approx(expected, abs=1e-4)
    assert score.perplexity == pytest.approx(np.exp(-np.mean(expected)), rel=1e-4)


def test_a_score_leaves_unknown_words_out(step):
    score = step.score("the zebra reads a word")
    assert score.oov_rate == pytest.approx(1 / 5)
    assert len(score.logprobs) == 3
    assert step.score("the cell reads").oov_rate == 0


@pytest.mark.parametrize("text", ["", "the", "zebra", "the zebra"])
def test_a_text_with_nothing_to_foretell_has_no_perplexity(lm, text):
    score = lm.score(text)
    assert math.isnan(score.perplexity)
    assert score.logprobs == ()


ARGUMENTS = {
    "no words": ({"max_words": 0}, "max_words is 0"),
    "fewer than no words": ({"max_words": -3}, "max_words is -3"),
    "words true": ({"max_words": True}, "max_words is True"),
    "words as text": ({"max_words": "3"}, "max_words is '3'"),
    "words as a fraction": ({"max_words": 2.0}, "max_words is 2.0"),
    "words none": ({"max_words": None}, "max_words is None"),
    "prompt none": ({"prompt": None}, "the prompt is None"),
    "prompt as bytes": ({"prompt": b"the"}, "the prompt is b'the'"),
    "prompt as a list": ({"prompt": ["the"]}, "the prompt is ['the']"),
}


@pytest.mark.parametrize("method", ["generate", "stream"])
@pytest.mark.parametrize(("arguments", "fragment"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_an_argument_out_of_its_range_is_named(step, method, arguments, fragment):
    with pytest.raises(UsageError) as refusal:
        getattr(step, method)(**{"prompt": "the", **arguments})
    assert fragment in str(refusal.value)
    assert isinstance(refusal.value, ValueError)


def test_a_text_that_is_no_text_is_named(step):
    with pytest.raises(UsageError, match="the text is None"):
        step.score(None)


def test_what_is_asked_for_is_what_is_loaded(lm):
    assert lm.precision == "float32"
    assert lm.variant.format == ENGINES[lm.engine].format
    assert lm.variant in lm.bundle.manifest.variants


def without_words(bundle, keep: int, **options) -> edgeword.LanguageModel:
    """The model with a tokenizer that knows only its first words."""
    vocabulary = Bundle(bundle).tokenizer.vocabulary[:keep]
    replace_file(bundle, "tokenizer.json", Tokenizer(vocabulary, **options).to_json().encode())
    return load(bundle, "litert", "float32")


@pytest.mark.parametrize("options", [{}, {"oov_token": "<oov>", "oov_id": 1}], ids=["no OOV token", "OOV token"])
def test_an_id_without_a_word_is_never_said(bundle, options):
    lm = without_words(bundle, 20, **options)
    generation = lm.generate("the", 30)
    assert all(len(options) / 2 < token <= 20 for token in generation.ids)
    assert generation.text.split(" ") == list(generation.words) == list(lm.stream("the", 30))


def test_unknown_words_are_nothing_without_an_oov_token(bundle):
    lm = without_words(bundle, 20)
    assert lm.generate("zebra quagga", 5).ids == lm.generate("", 5).ids
    assert lm.score("zebra quagga").oov_rate == 1


def test_an_empty_prompt_is_a_window_of_padding(lm):
    first = lm.bundle.spec.empty_prompt
    generation = lm.generate("", 1)
    assert generation.ids == first.ids[:1]
    assert generation.logprobs == pytest.approx(first.logprobs[:1], abs=1e-4)
