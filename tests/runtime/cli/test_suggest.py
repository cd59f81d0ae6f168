"""Suggestions: the most probable words, completed where letters were typed already."""

from __future__ import annotations

import json

import numpy as np
import pytest

import edgeword
from edgeword.cli.main import main
from edgeword.probabilities import log_softmax
from tests.golden import logprobs_of


@pytest.fixture(scope="module")
def lm(step_bundle):
    return edgeword.load(step_bundle, engine="litert", precision="float32")


def expected(lm, context, keep):
    """By hand: every word's probability, most probable first."""
    decoder = lm.decoder()
    decoder.begin(lm.tokenizer.encode(context))
    probabilities = np.exp(log_softmax(decoder.logits()))
    words = [(lm.tokenizer.word(token), probabilities[token]) for token in range(2, lm.tokenizer.vocab_size)]
    return sorted((row for row in words if keep(row[0])), key=lambda row: -row[1])


@pytest.mark.parametrize("prefix", ["", "t", "th", "C"])
def test_the_most_probable_words_come_first(lm, prefix):
    found = lm.suggest("the cell", k=4, prefix=prefix)
    best = expected(lm, "the cell", lambda word: word.startswith(prefix.lower()))[:4]
    assert [suggestion.word for suggestion in found] == [prefix + word[len(prefix) :] for word, _ in best]
    np.testing.assert_allclose([suggestion.probability for suggestion in found], [p for _, p in best], rtol=1e-5)


def test_the_first_suggestion_is_the_greedy_word(lm):
    assert lm.suggest("a device runs", k=1)[0].word == lm.generate("a device runs", 1).words[0]


def test_all_words_are_suggested_once_and_neither_padding_nor_the_unknown(lm):
    words = [suggestion.word for suggestion in lm.suggest("the cell", k=10_000)]
    assert sorted(words) == sorted(set(lm.tokenizer.vocabulary) - {"<oov>"})


@pytest.mark.parametrize("prefix", ["", "t", "th", "C"])
@pytest.mark.parametrize("name", ["step", "replay", "window"])
def test_an_empty_context_has_words_too(request, name, prefix):
    """Those of the empty prompt, as the Keras model says them after nothing but padding."""
    lm = edgeword.load(request.getfixturevalue(f"{name}_bundle"), engine="litert", precision="float32")
    logprobs = logprobs_of(name)["empty"]
    words = {token: lm.tokenizer.word(token) for token in np.argsort(-logprobs).tolist() if token > 1}
    wanted = [token for token, word in words.items() if word.startswith(prefix.lower())]
    found = lm.suggest("", k=4, prefix=prefix)
    assert [suggestion.word for suggestion in found] == [prefix + words[token][len(prefix) :] for token in wanted[:4]]
    probabilities = [suggestion.probability for suggestion in found]
    np.testing.assert_allclose(probabilities, np.exp(logprobs[wanted[:4]]), rtol=1e-3)


def test_no_word_begins_with_the_prefix(lm):
    assert lm.suggest("the cell", prefix="xyz") == []


@pytest.mark.parametrize("k", [0, -1, True, 1.5, "3"])
def test_k_out_of_its_range_is_refused(lm, k):
    with pytest.raises(edgeword.UsageError, match="k is"):
        lm.suggest("the cell", k=k)


def test_the_command_prints_what_the_function_gives(step_bundle, lm, capsys):
    arguments = ["suggest", str(step_bundle), "the cell", "-k", "2", "--prefix", "t", "--precision", "float32"]
    assert main([*arguments, "--engine", "litert", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [row["word"] for row in printed["suggestions"]] == [s.word for s in lm.suggest("the cell", 2, "t")]
    assert main(arguments) == 0
    assert printed["suggestions"][0]["word"] in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["\udcff"], ["the cell", "--prefix", "\udcff"]])
def test_bytes_that_are_not_utf8_are_refused(step_bundle, capsys, arguments):
    assert main(["suggest", str(step_bundle), *arguments]) == 2
    assert "not UTF-8" in capsys.readouterr().err
