"""The search for a text: what every way of searching keeps to, and what each of them says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword.errors import UsageError
from edgeword.generation.options import GenerationOptions
from edgeword.generation.picking import Picker
from edgeword.generation.searching import Search
from edgeword.words.permitted import Permitted
from tests.runtime.generation.markov import SIZE, TOKENIZER, UNSAID, VOCABULARY, Markov, logprobs

SEEDS = st.integers(0, 10_000)
WORDS = VOCABULARY.words[2:]


def search(model=1, prompt=(2, 3), decoder=None, **keywords):
    """The words found, as (token, logprob, text), and why the text ended."""
    decoder = decoder or Markov(model)
    decoder.begin(prompt)
    found = Search(decoder, prompt, GenerationOptions(**keywords), VOCABULARY)
    return list(found), found.finish_reason


def tokens(*arguments, **keywords):
    return [token for token, _, _ in search(*arguments, **keywords)[0]]


def plain_greedy(model, prompt, count, permitted=None):
    """The loop by hand."""
    decoder, found = Markov(model), []
    decoder.begin(prompt)
    for _ in range(count):
        logits = decoder.logits()
        found.append(max(permitted or set(range(SIZE)) - UNSAID, key=lambda token, row=logits: row[token]))
        decoder.advance(found[-1])
    return found


def own_logprobs(model, prompt, said):
    decoder, found = Markov(model), []
    decoder.begin(prompt)
    for token in said:
        found.append(logprobs(decoder.logits())[token])
        decoder.advance(token)
    return found


MODES = [
    {},
    {"temperature": 1.0},
    {"temperature": 0.7, "top_k": 4, "top_p": 0.9, "min_p": 0.05},
    {"repetition_penalty": 1.3},
    {"no_repeat_ngram": 2},
    {"temperature": 2.0, "repetition_penalty": 1.5, "no_repeat_ngram": 3},
    {"beams": 3},
    {"beams": 2, "no_repeat_ngram": 2, "repetition_penalty": 1.2},
]
modes = pytest.mark.parametrize("mode", MODES, ids=lambda mode: ",".join(mode) or "greedy")


@given(SEEDS, st.integers(1, 30))
def test_the_default_is_greedy(model, count):
    assert tokens(model, max_words=count) == plain_greedy(model, (2, 3), count)


@given(SEEDS)
def test_greedy_says_the_best_of_the_allowed_words(model):
    allowed = {3, 5, 9}
    words = [VOCABULARY.words[token] for token in allowed]
    assert tokens(model, allow=words) == plain_greedy(model, (2, 3), 20, allowed)


def test_greedy_asks_for_logits_only_where_the_graphs_word_may_not_be_said():
    decoder = Markov(3)
    said = tokens(decoder=decoder)
    unsaid = 0
    again = Markov(3)
    again.begin((2, 3))
    for token in said:
        unsaid += again.greedy()[0] in UNSAID
        again.advance(token)
    assert decoder.runs == unsaid
    assert 0 < unsaid < len(said)


@modes
def test_log_probabilities_are_the_models_own(mode):
    found, _ = search(**mode, seed=1)
    assert len(found) == 20
    said = [token for token, _, _ in found]
    np.testing.assert_allclose([logprob for _, logprob, _ in found], own_logprobs(1, (2, 3), said), atol=1e-5)
    assert [word for _, _, word in found] == [VOCABULARY.words[token] for token in said]


@modes
def test_the_decoder_stands_after_the_text(mode):
    decoder = Markov(2)
    said = tokens(decoder=decoder, seed=1, **mode)
    assert decoder.snapshot() == tuple(said[-2:])


@modes
@given(st.sets(st.sampled_from(WORDS), max_size=len(WORDS) - 1), SEEDS)
@settings(max_examples=20)
def test_a_denied_word_is_never_said(mode, deny, model):
    said = tokens(model, deny=deny, seed=model, **mode)
    assert not {VOCABULARY.words[token] for token in said} & ({"", "<oov>"} | deny)


@modes
@given(st.sets(st.sampled_from(WORDS), min_size=1), SEEDS)
@settings(max_examples=20)
def test_an_allowed_set_is_never_left(mode, allow, model):
    said = tokens(model, allow=allow, seed=model, **mode)
    assert {VOCABULARY.words[token] for token in said} <= allow


@modes
def test_denied_words_are_never_said_in_a_row(mode):
    said = [word for _, _, word in search(**mode, seed=4, max_words=200)[0]]
    rows = [" ".join(pair) for pair in itertools.pairwise(said)][:10]
    without = {" ".join(pair) for pair in itertools.pairwise(tokens_as_words(mode, rows))}
    assert not without & set(rows)


def tokens_as_words(mode, rows):
    return [word for _, _, word in search(**mode, seed=4, max_words=200, deny=rows)[0]]


def test_a_denied_word_is_not_among_ten_thousand_that_are_drawn():
    said = tokens(temperature=1.5, seed=1, max_words=10_000, deny={"the", "memory"})
    assert len(said) == 10_000
    assert set(said) == set(range(2, SIZE)) - {TOKENIZER.id("the"), TOKENIZER.id("memory")}


def test_a_denied_phrase_that_the_prompt_begins_is_not_completed():
    greedy = search(max_words=1)[0][0][2]
    assert search(max_words=1, deny={f"{VOCABULARY.words[3]} {greedy}"})[0][0][2] != greedy


@given(SEEDS, st.integers(1, 4))
def test_no_ngram_of_prompt_and_text_comes_twice(model, n):
    prompt = (2, 3, 4, 2, 3)
    for mode in ({}, {"temperature": 1.0, "seed": model}, {"beams": 2}):
        text = [*prompt, *tokens(model, prompt, no_repeat_ngram=n, **mode)]
        places = range(len(text) - n + 1)
        new = [tuple(text[i : i + n]) for i in places if i + n > len(prompt)]
        assert len(set(new)) == len(new)
        assert not set(new) & {tuple(prompt[i : i + n]) for i in range(len(prompt) - n + 1)}


@given(SEEDS, st.sampled_from([0.8, 1.2, 3.0]))
def test_the_repetition_penalty_looks_at_prompt_and_text(model, penalty):
    decoder, text = Markov(model), [2, 3]
    decoder.begin(text)
    for _ in range(10):
        logits = decoder.logits()
        for token in set(text):
            logits[token] *= penalty if logits[token] < 0 else 1 / np.float32(penalty)
        text.append(max(set(range(SIZE)) - UNSAID, key=lambda token, row=logits: row[token]))
        decoder.advance(text[-1])
    assert tokens(model, repetition_penalty=penalty, max_words=10) == text[2:]


@pytest.mark.parametrize("mode", [{}, {"temperature": 1.0}, {"beams": 2}], ids=["greedy", "drawn", "beams"])
def test_a_text_ends_where_nothing_is_left_to_say(mode):
    found, reason = search(allow={"the", "cell"}, no_repeat_ngram=1, prompt=(), **mode)
    assert sorted(word for _, _, word in found) == ["cell", "the"]
    assert reason == "end"


@pytest.mark.parametrize("mode", [{}, {"temperature": 1.0}, {"beams": 2}], ids=["greedy", "drawn", "beams"])
def test_a_text_may_end_before_its_first_word(mode):
    assert search(allow={"the"}, no_repeat_ngram=1, prompt=(2,), **mode) == ([], "end")


def test_options_that_leave_no_word_are_refused_before_the_first():
    with pytest.raises(UsageError, match="leave no word"):
        search(allow={"zebra"})


@modes
def test_a_text_ends_at_a_stop_text(mode):
    whole = [word for _, _, word in search(**mode, seed=1)[0]]
    stop = " ".join(whole[4:6])
    found, reason = search(**mode, seed=1, stop=[stop])
    text = " ".join(word for _, _, word in found)
    assert stop not in text
    assert reason in ("stop", "length")
    if "beams" not in mode:  # beams may find another text, which ends otherwise
        assert reason == "stop"
        assert text == " ".join(whole).split(stop)[0].strip()


def test_a_stop_text_within_a_word_cuts_it():
    whole, _ = search()
    found, reason = search(stop=[whole[2][2][1:]])
    assert reason == "stop"
    assert found[-1][2] == whole[len(found) - 1][2].split(whole[2][2][1:])[0]
    assert found[-1][:2] == whole[len(found) - 1][:2]


def test_a_stop_text_before_the_least_number_of_words_is_passed_over():
    whole = [word for _, _, word in search()[0]]
    assert len(search(stop=[whole[0]])[0]) == 0
    later = search(stop=[whole[0]], min_words=3)
    assert len(later[0]) >= 3
    assert later[1] == ("stop" if whole[0] in " ".join(whole[3:]) else "length")


@given(SEEDS)
def test_a_seed_gives_one_text(seed):
    options = {"temperature": 1.0, "seed": seed, "max_words": 10}
    first = tokens(**options)
    assert tokens(**options) == first
    assert tokens(**{**options, "max_words": 5}) == first[:5]


def test_without_a_seed_texts_differ():
    assert len({tuple(tokens(temperature=1.0)) for _ in range(5)}) > 1


@given(SEEDS)
def test_drawing_from_one_word_is_greedy(seed):
    assert tokens(seed, temperature=1.3, top_k=1, seed=seed) == tokens(seed)


@given(SEEDS)
def test_small_temperatures_are_greedy(seed):
    assert tokens(seed, temperature=1e-6, seed=seed) == tokens(seed)


@pytest.mark.parametrize("mode", [mode for mode in MODES if "beams" not in mode], ids=str)
def test_a_row_of_a_batch_says_what_it_would_say_alone(mode):
    """Four texts side by side, each by its own picker on its row of the logits `[B, V]`."""
    prompts = [(2, 3), (), (4, 4, 4), (2, 3)]
    options = GenerationOptions(**mode, seed=5)
    alone = [tokens(prompt=prompt, **mode, seed=5) for prompt in prompts]
    decoders = [Markov(1) for _ in prompts]
    for decoder, prompt in zip(decoders, prompts, strict=True):
        decoder.begin(prompt)
    pickers = [Picker(options, VOCABULARY.permitted(), prompt) for prompt in prompts]
    for place in range(20):
        logits = np.stack([decoder.logits() for decoder in decoders])
        greedy = [decoder.greedy() for decoder in decoders]
        picked = [picker.pick(*row, place)[0] for picker, *row in zip(pickers, logits, greedy, strict=True)]
        for decoder, token in zip(decoders, picked, strict=True):
            decoder.advance(token)
        assert picked == [row[place] for row in alone]


def test_words_that_cannot_follow_are_not_said():
    """After an empty prompt most words have no logit: what is left there may be denied."""
    picker = Picker(GenerationOptions(), Permitted(np.array([False, True, True, False])), ())
    row = np.array([1, -np.inf, -np.inf, 0], np.float32)
    assert picker.pick(row.copy(), (0, -0.1), 0) is None
    assert Picker(GenerationOptions(temperature=1), Permitted(np.ones(4, bool)), ()).pick(row, (0, -0.1), 0)[0] in (
        0,
        3,
    )
