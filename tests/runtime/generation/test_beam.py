"""Beam search: never below greedy, the best text where all are followed, and texts that stop."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeword.generation.beam import BeamSearch
from edgeword.generation.options import GenerationOptions
from edgeword.generation.picking import Rules
from edgeword.generation.searching import Search
from edgeword.generation.stopping import StopSearch
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword.words.vocabulary import Vocabulary
from tests.runtime.generation.markov import VOCABULARY, Markov, logprobs

SEEDS = st.integers(0, 10_000)
STOPS = st.sampled_from([(), ("the",), ("cell reads", "me"), ("e",)])
PENALTIES = st.sampled_from([-1.0, 0.0, 0.6, 1.0, 2.0])


def said(model, vocabulary=VOCABULARY, prompt=(2,), size=VOCABULARY.size, **keywords):
    """All words up to the stop text, with those of it, as the search within gives them."""
    decoder = Markov(model, size)
    decoder.begin(prompt)
    options = GenerationOptions(**keywords)
    if options.beams > 1:
        rules = Rules(options, vocabulary.permitted(options.allow, options.deny))
        return list(BeamSearch(decoder, options, rules, vocabulary).find(prompt))
    whole = GenerationOptions(**{**keywords, "stop": ()})
    stops, picks = StopSearch(options.stop, vocabulary.joiner, options.min_words), []
    for token, logprob, word in Search(decoder, prompt, whole, vocabulary):
        picks.append((token, logprob))
        if options.stop and stops.read(word) is not None:
            break
    return picks


def score(picks, length_penalty):
    return sum(logprob for _, logprob in picks) / max(len(picks), 1) ** length_penalty


@given(SEEDS, st.integers(2, 5), STOPS, PENALTIES, st.integers(1, 12))
@settings(max_examples=300)
def test_the_best_beam_is_never_below_greedy(model, beams, stop, penalty, count):
    """Whatever the length penalty: the greedy text is followed to its end beside the beams."""
    keywords = {"stop": stop, "max_words": count, "length_penalty": penalty}
    best = score(said(model, beams=beams, **keywords), penalty)
    assert best >= score(said(model, **keywords), penalty) - 1e-5


def test_plain_beams_would_lose_the_greedy_text():
    """The law needs its reason: among these models are some whose greedy text is not among two beams' at the end."""
    kept_beside = 0
    for model in range(50):
        decoder = Markov(model)
        decoder.begin((2,))
        options = GenerationOptions(beams=2, max_words=8)
        beam = BeamSearch(decoder, options, Rules(options, VOCABULARY.permitted()), VOCABULARY)
        kept, widths = beam._kept, []
        beam._kept = lambda candidates, kept=kept, widths=widths: widths.append(found := kept(candidates)) or found
        list(beam.find((2,)))
        kept_beside += any(len(found) > 2 for found in widths)
    assert kept_beside > 0


@given(SEEDS)
def test_one_beam_is_greedy(model):
    options = GenerationOptions(beams=1, max_words=10)
    decoder = Markov(model)
    decoder.begin((2,))
    rules = Rules(options, VOCABULARY.permitted())
    one = list(BeamSearch(decoder, options, rules, VOCABULARY).find((2,)))
    assert [token for token, _ in one] == [token for token, _ in said(model, max_words=10)]


SMALL = Vocabulary(Tokenizer(("a", "b", "c")), 4)


@given(SEEDS, st.sampled_from([(), ("b",), ("c a",)]), PENALTIES, st.sampled_from([None, {"a", "c"}]))
def test_with_a_beam_for_every_text_the_best_of_all_is_found(model, stop, penalty, allow):
    """Three words, texts of four: 81 at most."""
    keywords = {"stop": stop, "max_words": 4, "length_penalty": penalty, "allow": allow}
    found = said(model, SMALL, size=4, beams=100, **keywords)
    decoder, texts = Markov(model, 4), []
    words = [token for token in (1, 2, 3) if allow is None or SMALL.words[token] in allow]
    for text in itertools.product(words, repeat=4):
        decoder.begin((2,))
        picks, stops = [], StopSearch(stop, " ")
        for token in text:
            picks.append((token, logprobs(decoder.logits())[token]))
            decoder.advance(token)
            if stop and stops.read(SMALL.words[token]) is not None:
                break
        texts.append(picks)
    assert score(found, penalty) == pytest.approx(max(score(picks, penalty) for picks in texts), abs=1e-5)


def test_a_length_penalty_prefers_longer_texts():
    lengths = [
        sum(len(said(model, beams=4, stop=("the", "me"), length_penalty=penalty)) for model in range(30))
        for penalty in (0.0, 1.0, 2.0)
    ]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[2]


@pytest.mark.parametrize("penalty", [1e300, -1e300, 400, -400])
def test_a_length_penalty_beyond_every_float_still_finds_a_text(penalty):
    for model in range(10):
        assert said(model, beams=3, stop=("the", "me"), length_penalty=penalty, max_words=12)


def test_a_search_that_is_decided_stops_early():
    decoder = Markov(1)
    decoder.begin((2,))
    options = GenerationOptions(beams=3, stop=("e",), length_penalty=0, max_words=1000)
    list(Search(decoder, (2,), options, VOCABULARY))
    assert decoder.runs < 100
