"""The keywords of generation on loaded bundles, and on the command line: every engine and decode mode, one search."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise

import pytest

import edgeword
from edgeword.cli.main import main

PROMPT = "the cell"
MODES = {
    "greedy": {},
    "drawn": {"temperature": 1.0, "seed": 3},
    "narrowed": {"temperature": 0.8, "top_k": 8, "top_p": 0.9, "min_p": 0.01, "seed": 3},
    "penalties": {"repetition_penalty": 1.3, "no_repeat_ngram": 2},
    "beams": {"beams": 3},
}
ALLOWED = {"word", "state", "text", "gate"}


@pytest.fixture(scope="module")
def lm(step_bundle):
    return edgeword.load(step_bundle, "litert", "float32")


def heard(generation):
    """A generation without what differs from run to run."""
    return dataclasses.replace(generation, timings=None)


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_every_engine_says_the_same_text(models, mode):
    texts = {lm.generate(PROMPT, **mode).text for lm in models}
    assert len(texts) == 1
    assert texts == {" ".join(models[0].stream(PROMPT, **mode))}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize("prompt", [PROMPT, "", "zebra"])
def test_only_words_that_may_be_said_are_said(models, mode, prompt):
    for lm in models:
        assert set(lm.generate(prompt, 40, **mode).words) <= set(lm.tokenizer.vocabulary) - {"<oov>"}
        assert set(lm.generate(prompt, 40, allow=ALLOWED, deny={"Gate"}, **mode).words) <= ALLOWED - {"gate"}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_log_probabilities_are_those_of_the_model(lm, mode):
    """As `score` reads them off the text, whatever the words were chosen by."""
    generation = lm.generate(PROMPT, **mode)
    scored = lm.score(f"{PROMPT} {generation.text}").logprobs[-len(generation.words) :]
    assert generation.logprobs == pytest.approx(scored, abs=1e-4)


def test_greedy_takes_the_best_word_that_may_be_said(lm):
    decoder = lm.decoder()
    decoder.begin(lm.tokenizer.encode(PROMPT))
    greedy = lm.generate(PROMPT).words
    denied = lm.generate(PROMPT, deny=greedy[:1])
    best = (-decoder.logits()).argsort().tolist()
    sayable = [word for word in map(lm.tokenizer.word, best) if word not in ("", "<oov>", greedy[0])]
    assert denied.words[0] == sayable[0]


def test_the_first_of_the_drawn_words_are_the_same_in_a_shorter_text(lm):
    longer = lm.generate(PROMPT, 20, **MODES["drawn"])
    assert lm.generate(PROMPT, 5, **MODES["drawn"]).ids == longer.ids[:5]
    assert lm.generate(PROMPT, 20, temperature=1.0, seed=4).ids != longer.ids


def test_no_pair_of_words_comes_twice(lm):
    text = f"{PROMPT} {lm.generate(PROMPT, 60, no_repeat_ngram=2).text}".split()
    pairs = list(pairwise(text))
    assert len(set(pairs)) == len(pairs)


def test_beams_are_at_least_as_probable_as_greedy(models):
    for lm in models:
        greedy = sum(lm.generate(PROMPT, 12).logprobs)
        assert all(sum(lm.generate(PROMPT, 12, beams=beams).logprobs) >= greedy - 1e-4 for beams in (2, 5))


def test_beams_have_no_time_a_word(lm):
    timings = lm.generate(PROMPT, beams=2).timings
    assert timings.first_word_ms > 0
    assert timings.ms_per_word is None


def test_a_stop_text_ends_the_text(lm):
    whole = lm.generate(PROMPT, 30)
    stop = " ".join(whole.words[5:7])
    stopped = lm.generate(PROMPT, 30, stop=stop)
    assert (whole.finish_reason, stopped.finish_reason) == ("length", "stop")
    assert stopped.text == whole.text.split(stop)[0].strip()
    assert stopped.ids == whole.ids[: len(stopped.words)]
    assert list(lm.stream(PROMPT, 30, stop=[stop])) == list(stopped.words)


def test_a_stop_text_within_a_word_leaves_its_beginning(lm):
    whole = lm.generate(PROMPT, 30)
    stop = whole.words[3][1:]
    stopped = lm.generate(PROMPT, 30, stop=[stop])
    assert stopped.text == whole.text.split(stop)[0]
    assert " ".join(stopped.words) == stopped.text
    assert "".join(lm.tokenizer.joined(lm.stream(PROMPT, 30, stop=[stop]))) == stopped.text


def test_a_text_of_no_words_has_no_times(lm):
    first = lm.generate(PROMPT, 1).words[0]
    nothing = lm.generate(PROMPT, stop=first)
    assert (nothing.text, nothing.words, nothing.ids, nothing.logprobs) == ("", (), (), ())
    assert nothing.finish_reason == "stop"
    assert (nothing.timings.first_word_ms, nothing.timings.ms_per_word) == (None, None)


def test_nothing_left_to_say_ends_a_text(lm):
    generation = lm.generate(PROMPT, allow={"word", "state"}, no_repeat_ngram=1)
    assert sorted(generation.words) == ["state", "word"]
    assert generation.finish_reason == "end"
    assert list(lm.stream(PROMPT, allow={"word", "state"}, no_repeat_ngram=1)) == list(generation.words)


def test_the_share_of_unknown_words_in_the_prompt(lm):
    assert lm.generate("the zebra", 1).oov_rate == 0.5
    assert lm.generate("", 1).oov_rate == 0


def test_a_stream_and_a_generation_take_turns(lm):
    alone = [list(lm.stream(PROMPT, **mode)) for mode in MODES.values()]
    streams = [lm.stream(PROMPT, **mode) for mode in MODES.values()]
    assert [list(words) for words in zip(*zip(*streams, strict=True), strict=True)] == alone


REFUSED = [
    ({"temperature": -1}, "temperature is -1"),
    ({"beams": 2, "temperature": 1}, "exclude each other"),
    ({"allow": {"zebra"}}, "leave no word"),
    ({"deny": "word"}, "give a set of words"),
]


@pytest.mark.parametrize(("keywords", "said"), REFUSED)
@pytest.mark.parametrize("method", ["generate", "stream"])
def test_what_cannot_be_is_refused_before_the_first_word(lm, method, keywords, said):
    with pytest.raises(edgeword.UsageError, match=said):
        getattr(lm, method)(PROMPT, **keywords)


def test_suggestions_keep_to_the_words_that_may_be_said(lm):
    assert {row.word for row in lm.suggest(PROMPT, k=100, allow=ALLOWED, deny={"gate"})} == ALLOWED - {"gate"}
    assert lm.suggest(PROMPT, k=100, prefix="g", deny={"gate"}, allow=ALLOWED) == []
    best = lm.suggest(PROMPT, k=1)[0].word
    assert best not in [row.word for row in lm.suggest(PROMPT, k=100, deny={f"cell {best}"})]


def test_capitals_that_were_typed_are_kept_in_suggestions(lm):
    plain = [row.word for row in lm.suggest(PROMPT, prefix="st")]
    assert plain
    assert [row.word for row in lm.suggest(PROMPT, prefix="St")] == [word.capitalize() for word in plain]
    assert [row.word for row in lm.suggest(PROMPT, prefix="ST")] == [word.upper() for word in plain]


def test_the_command_takes_every_option(step_bundle, lm, capsys, tmp_path):
    for name, words in (("allow", [*ALLOWED, "Cell", ""]), ("deny", ["GATE", "the cell"])):
        (tmp_path / name).write_text("\n".join(words), encoding="utf-8-sig")
    line = ["generate", str(step_bundle), PROMPT, "-n", "30", "--engine", "litert", "--precision", "float32", "--json"]
    flags = "--temperature 1.2 --top-k 5 --top-p 0.9 --min-p 0.01 --repetition-penalty 1.1 --no-repeat-ngram 4"
    files = ["--allow", str(tmp_path / "allow"), "--deny", str(tmp_path / "deny")]
    assert main([*line, *flags.split(), *files, "--seed", "5", "--stop", "x y", "--stop", "z", "--min-words", "2"]) == 0
    printed = json.loads(capsys.readouterr().out)
    keywords = {"temperature": 1.2, "top_k": 5, "top_p": 0.9, "min_p": 0.01, "repetition_penalty": 1.1, "seed": 5}
    keywords |= {"no_repeat_ngram": 4, "stop": ["x y", "z"], "min_words": 2}
    expected = lm.generate(PROMPT, 30, allow=[*ALLOWED, "cell"], deny=["gate"], **keywords)
    assert set(printed["words"]) <= (ALLOWED | {"cell"}) - {"gate"}
    assert (printed["words"], printed["finish_reason"], printed["oov_rate"]) == (list(expected.words), "length", 0)
    assert set(printed) == {
        *("prompt", "text", "words", "ids", "logprobs", "finish_reason", "oov_rate"),
        *("engine", "precision", "decode", "timings"),
    }


def test_the_command_prints_what_a_stream_says(step_bundle, lm, capsys):
    line = ["generate", str(step_bundle), PROMPT, "--engine", "litert", "--precision", "float32"]
    whole = lm.generate(PROMPT).words
    for options, keywords in (
        (["--beams", "3", "--length-penalty", "0.5"], {"beams": 3, "length_penalty": 0.5}),
        (["--stop", whole[4][1:]], {"stop": [whole[4][1:]]}),
    ):
        assert main([*line, *options]) == 0
        assert capsys.readouterr().out == lm.generate(PROMPT, **keywords).text + "\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--temperature", "-1"], "temperature is -1.0; give a number of at least 0 (0 is greedy)"),
        (["--temperature", "warm"], "invalid float value: 'warm'"),
        (["--beams", "2", "--top-k", "3"], "beams and top_k exclude each other"),
        (["--deny", "nowhere.txt"], "cannot read --deny nowhere.txt: No such file or directory"),
        (["--allow", "."], "cannot read --allow .: Is a directory"),
        (["--stop", ""], "stop holds an empty text"),
    ],
)
def test_the_command_refuses_in_one_line(step_bundle, capsys, options, said):
    assert main(["generate", str(step_bundle), PROMPT, *options]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_a_list_that_is_not_utf8_is_refused_by_name(step_bundle, capsys, tmp_path):
    (tmp_path / "words").write_bytes(b"caf\xe9")
    assert main(["suggest", str(step_bundle), PROMPT, "--deny", str(tmp_path / "words")]) == 2
    assert "words: --deny is not UTF-8 (at 3)" in capsys.readouterr().err


def test_an_option_without_effect_is_named(step_bundle, capsys):
    assert main(["generate", str(step_bundle), PROMPT, "--top-k", "5", "--length-penalty", "2"]) == 0
    warned = capsys.readouterr().err
    assert "top_k is without effect; it needs a temperature above 0" in warned
    assert "length_penalty is without effect; it needs beams above 1" in warned


def test_the_command_suggests_what_may_be_said(step_bundle, lm, capsys, tmp_path):
    (tmp_path / "words").write_text("word\nstate\n", encoding="utf-8")
    line = ["suggest", str(step_bundle), "", "--allow", str(tmp_path / "words"), "--json", "--precision", "float32"]
    assert main(line) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [row["word"] for row in printed["suggestions"]] == [
        row.word for row in lm.suggest("", allow={"word", "state"})
    ]
    assert printed["context"] == ""
