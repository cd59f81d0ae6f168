"""Bundles that read and say pieces of words: any text of any script, one by one, in sessions and in bulk."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeword
from edgeword.bulk import bulk
from edgeword.engines.engine import ENGINES
from tests.golden import FOLDER, greedy_of
from tests.runtime.session.standing import assert_same, model
from tests.runtime.tokenizers.texts import texts

pytest.importorskip("tokenizers")

few = settings(max_examples=15)
any_text = st.one_of(st.text(), texts)
WAYS = st.sampled_from([{}, {"temperature": 1.5, "seed": 3}, {"beams": 3}, {"stop": ["e"]}])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_words_are_those_of_keras(engine):
    expected = greedy_of("subword")
    found = model("subword", engine).generate(expected.prompt, len(expected.ids))
    assert (found.text, found.ids) == (expected.text, expected.ids)
    assert found.logprobs == pytest.approx(expected.logprobs, abs=1e-3)


@pytest.mark.parametrize("engine", ENGINES)
@few
@given(prompt=any_text, options=WAYS)
def test_prompt_and_text_are_one_valid_text(engine, prompt, options):
    lm = model("subword", engine)
    generation = lm.generate(prompt, 12, **options)
    assert generation.text.encode("utf-8").decode("utf-8") == generation.text == "".join(generation.words)
    assert generation.oov_rate == 0
    if generation.finish_reason == "length":
        read = lm.tokenizer.encode(prompt)
        assert lm.tokenizer.decode([*read, *generation.ids]) == lm.tokenizer.decode(read) + generation.text


@few
@given(text=any_text, parts=st.lists(st.integers(0, 30), max_size=4))
def test_a_session_in_pieces_is_the_session_at_once(text, parts):
    lm = model("subword", "onnx")
    session, places = lm.session(), sorted(parts)
    for start, end in zip([0, *places], [*places, len(text)], strict=True):
        session.feed(text[start:end])
    assert_same(session, lm.session(text))
    assert_same(lm.session(session.snapshot()), lm.session(text))


@few
@given(prompts=st.lists(any_text, min_size=2, max_size=5), options=WAYS)
def test_many_prompts_are_each_alone(prompts, options):
    lm = model("subword", "litert")
    seeds = {"seeds": [3] * len(prompts)} if "seed" in options else {}
    asked = {name: value for name, value in options.items() if name != "seed"}
    found = [(each.text, each.ids) for each in lm.generate_many(prompts, 8, **asked, **seeds)]
    assert found == [(each.text, each.ids) for each in (lm.generate(prompt, 8, **options) for prompt in prompts)]


def test_a_file_of_many_scripts(tmp_path):
    prompts = ["the cell", "Ελληνικά και", "मराठी", "中文，", "עברית", "👩‍👩‍👧 e\u0301", "\u0000\u202e"]
    (tmp_path / "prompts.jsonl").write_text(
        "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts), encoding="utf-8"
    )
    result = bulk(FOLDER / "subword", tmp_path / "prompts.jsonl", tmp_path / "out.jsonl", max_words=9)
    assert (result.lines, result.errors) == (len(prompts), 0)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    with edgeword.load(FOLDER / "subword") as lm:
        assert [line["text"] for line in lines] == [lm.generate(prompt, 9).text for prompt in prompts]
