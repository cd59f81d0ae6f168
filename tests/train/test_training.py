"""A tiny training: what it leaves, that it learns, and that it can be repeated."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from edgeword_train import Run, load_run, train
from edgeword_train.data.corpus import sequence
from tests.train.tiny_training import FILES, OPTIONS, TEXT, weights


def test_the_folder_holds_the_run_and_nothing_else(run: Run) -> None:
    assert {item.name for item in run.path.iterdir()} == FILES
    assert (run.path / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((run.path / "history.json").read_text())["epochs"]) == run.facts["epochs"] == 4
    assert run.facts["corpus"][0]["name"] == "text.txt"
    assert run.facts["words_per_second"] > 0
    assert load_run(run.path) == run


def test_the_model_answers_every_position_with_float32_logits(run: Run) -> None:
    model = keras.models.load_model(run.model_path, compile=False)
    logits = np.asarray(model(np.ones((2, 5), np.int32)))
    assert logits.shape == (2, 5, run.tokenizer.vocab_size) == (2, 5, run.facts["vocabulary"])
    assert logits.dtype == np.float32
    assert (logits < 0).any()
    assert model.count_params() == run.facts["parameters"]


def test_the_perplexity_is_that_of_the_saved_model(run: Run) -> None:
    model = keras.models.load_model(run.model_path, compile=False)
    losses = []
    for ids in run.held_out:
        logits = np.asarray(model(np.array([ids[:-1]], np.int32)))[0]
        logprobs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        losses += [-logprobs[place, target] for place, target in enumerate(ids[1:])]
    assert np.exp(np.mean(losses)) == pytest.approx(run.perplexity["held_out"], rel=1e-4)


def test_held_out_lines_are_in_no_example(run: Run) -> None:
    lines = [tuple(sequence(line, run.tokenizer)) for line in TEXT.splitlines()]
    assert len(run.held_out) == 1
    assert run.held_out[0] in lines


def test_equal_seeds_give_equal_weights(run: Run, text: Path, tmp_path: Path) -> None:
    assert weights(train([text], tmp_path / "again", **OPTIONS)) == weights(run)
    assert weights(train([text], tmp_path / "other", **OPTIONS, seed=2)) != weights(run)


def test_characters_are_tokens_too(text: Path, tmp_path: Path) -> None:
    run = train([text], tmp_path / "run", **{**OPTIONS, "epochs": 1}, tokens="char", layers=2)
    assert run.tokenizer.level == "char"
    assert run.tokenizer.decode(run.tokenizer.encode("the big cat")) == "the big cat"
