"""Text as ids: what is held out of it, and what nothing can be learnt from."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword import UsageError
from edgeword.tokenizers.text import END_ID
from edgeword_train import train
from edgeword_train.data import usual_forms
from edgeword_train.data.corpus import Source, has_target, load_corpus, split
from edgeword_train.data.fitting import fit_text
from edgeword_train.data.token_lines import token_lines
from edgeword_train.options import TrainingOptions

OOV = 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds text"),
        ("...\n!!!", "holds no words"),
        ("word\nWord word!", "one distinct word only, 'word'"),
        ("one\ntwo\nthree", "too short to hold a part of it out"),
        ("one two three", "too short to hold a part of it out"),
    ],
)
def test_a_text_without_anything_to_learn_is_refused(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message) as caught:
        train([file], tmp_path / "run", tokens="word")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_single_line_holds_its_end_out(tmp_path: Path) -> None:
    file = tmp_path / "line.txt"
    file.write_text(" ".join(f"w{n % 7}" for n in range(40)), encoding="utf-8")
    corpus = load_corpus([file], TrainingOptions(tokens="word"))
    assert [corpus.tokenizer.decode(ids) for ids in corpus.held_out] == ["w1 w2 w3 w4"]
    assert [len(ids) for ids in corpus.trained] == [36]


@given(st.integers(2, 60), st.integers(0, 5))
def test_each_line_is_trained_on_or_held_out(count: int, seed: int) -> None:
    lines = [[2, 3 + row] for row in range(count)]
    trained, held_out = map(list, split(token_lines(lines, 100), seed, OOV))
    assert sorted(trained + held_out) == lines
    assert len(held_out) == max(1, round(count / 20))
    assert list(map(list, split(token_lines(lines, 100), seed, OOV))) == [trained, held_out]


def test_another_seed_holds_other_lines_out() -> None:
    lines = token_lines([[2, 3 + row] for row in range(40)], 100)
    assert len({str(list(split(lines, seed, OOV)[1])) for seed in range(8)}) > 1


@pytest.mark.parametrize(
    ("ids", "answer"), [([], False), ([2], False), ([2, OOV], False), ([OOV, 2], True), ([2, OOV, 3], True)]
)
def test_a_line_is_of_use_where_a_known_token_follows_another(ids: list[int], answer: bool) -> None:
    assert has_target(ids, OOV) == answer


def test_a_run_remembers_its_text_by_name_digest_and_length(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("  One two, three!\n\nthree two\n", encoding="utf-8")
    digest = hashlib.sha256(b"One two, three!\nthree two").hexdigest()
    assert load_corpus([file], TrainingOptions(tokens="word")).sources == (Source("text.txt", digest, 5),)


def test_a_line_is_a_text_between_two_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("The cell.\nThe cell, the word.\nA word.\n", encoding="utf-8")
    corpus = load_corpus([file], TrainingOptions())
    lines = [corpus.tokenizer.decode(ids) for ids in (*corpus.trained, *corpus.held_out)]
    assert sorted(lines) == ["A word.\n", "The cell, the word.\n", "The cell.\n"]
    assert all(ids[0] == ids[-1] == END_ID for ids in (*corpus.trained, *corpus.held_out))


def test_the_most_frequent_tokens_are_kept() -> None:
    tokenizer = fit_text(["The cell, the word, the end"], vocab_size=5)
    assert tokenizer.vocabulary == ("<unk>", "\n", "the", ",")
    assert tokenizer.decode(tokenizer.encode("The cell, the end")) == "The <unk>, the <unk>"


def test_rare_forms_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual_forms, "MOST_FORMS", 50)
    lines = [f"the cell w{n} x{n} Paris" for n in range(200)]
    vocabulary = fit_text(lines, vocab_size=6).vocabulary
    assert vocabulary == ("<unk>", "\n", "the", "cell", "Paris")
