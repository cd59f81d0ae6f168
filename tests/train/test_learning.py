"""What a training learns: every cell, a text by heart, and the epoch that is kept."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import pytest

from edgeword_train import train
from edgeword_train.data.corpora.built_in import read_corpus
from edgeword_train.fitting.progress import Progress, Watch
from edgeword_train.options import CELL_NAMES
from tests.train.tiny_training import OPTIONS


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_every_cell_learns_and_comes_back_from_its_run(cell: str, tmp_path: Path) -> None:
    options = {"units": 16, "embedding": 16, "epochs": 2, "recurrent_dropout": 0.1, "cell": cell}
    run = train(["primer"], tmp_path / "run", vocab_size=60, **options)
    assert run.perplexity["train"] < 55
    model = keras.models.load_model(run.model_path)
    assert model.output.shape == (None, None, 60)


def test_tied_embeddings_keep_one_table(tmp_path: Path) -> None:
    options = {"cell": "projected-lstm", "units": 24, "projection": 12, "embedding": 12, "epochs": 1}
    run = train(["primer"], tmp_path / "run", vocab_size=60, tie_embeddings=True, **options)
    names = [weight.path for weight in keras.models.load_model(run.model_path).weights]
    assert [name for name in names if "embedding" in name or "logits" in name] == ["embedding/embeddings"]


def test_a_text_is_learnt_by_heart_where_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "rhyme.txt"
    file.write_text("\n".join(["one two three four five six seven"] * 40), encoding="utf-8")
    run = train([file], tmp_path / "run", units=16, embedding=8, dropout=0, learning_rate=0.02, memorize=True)
    assert run.facts["kept_epoch"] == run.facts["epochs"] < 40
    assert run.perplexity["train"] < 3


def test_perplexity_falls_on_the_primer(tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    file.write_text("\n".join(read_corpus("primer")[:40]), encoding="utf-8")
    seen: list[float] = []

    def hook(progress: Progress) -> None:
        seen.extend([] if progress.held_out is None else [progress.perplexity])

    train([file], tmp_path / "run", units=16, embedding=16, epochs=5, vocab_size=60, watch=Watch(progress=hook))
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < seen[0] / 1.1


def test_the_best_epoch_is_kept_when_patience_ends_a_training(text: Path, tmp_path: Path) -> None:
    run = train([text], tmp_path / "run", **{**OPTIONS, "units": 64, "epochs": 60, "patience": 1})
    history = json.loads((run.path / "history.json").read_text())["epochs"]
    assert len(history) == run.facts["kept_epoch"] + 1 < 60
    assert run.perplexity["held_out"] == min(row["held_out"] for row in history)
