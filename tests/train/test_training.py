"""A tiny training: what it leaves, what it refuses, and that it can be repeated and continued."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgeword import EdgewordError, InputFileError, UsageError
from edgeword_train import Run, load_run, train
from edgeword_train.data.corpora.built_in import read_corpus
from edgeword_train.errors import DivergedError, RunError
from edgeword_train.fitting.learner import perplexity
from edgeword_train.fitting.progress import Progress
from edgeword_train.options import CELL_NAMES

TEXT = "\n".join(
    f"the {size} {animal} {verb} on the {place}"
    for size in ("big", "small")
    for animal, place in (("cat", "mat"), ("dog", "rug"), ("bird", "roof"))
    for verb in ("sat", "slept", "sang")
)
TINY: dict[str, Any] = {"units": 8, "embedding": 6, "epochs": 4, "dropout": 0.2, "patience": 10}
FILES = {
    "held_out.json",
    "history.json",
    "learning_curve.png",
    "model.keras",
    "run.json",
    "tokenizer.json",
}

Hook = Callable[[Progress], None]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("text") / "text.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def run(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train([text], tmp_path_factory.mktemp("runs") / "run", **TINY)


def weights(run: Run) -> list[bytes]:
    model = keras.models.load_model(run.model_path, compile=False)
    return [array.tobytes() for array in model.get_weights()]


def interrupt_in(epoch: int, *, at_end: bool) -> Hook:
    def hook(progress: Progress) -> None:
        if progress.epoch == epoch and (progress.held_out is not None) == at_end:
            raise KeyboardInterrupt

    return hook


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
    lines = [tuple(run.tokenizer.encode(line)) for line in TEXT.splitlines()]
    assert len(run.held_out) == 1
    assert run.held_out[0] in lines


def test_equal_seeds_give_equal_weights(run: Run, text: Path, tmp_path: Path) -> None:
    assert weights(train([text], tmp_path / "again", **TINY)) == weights(run)
    assert weights(train([text], tmp_path / "other", **TINY, seed=2)) != weights(run)


@pytest.mark.parametrize(("epoch", "at_end"), [(1, False), (2, False), (4, True)])
def test_an_interrupted_run_continues_to_the_same_weights(
    run: Run, text: Path, tmp_path: Path, epoch: int, at_end: bool
) -> None:
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train([text], out, **TINY, progress=interrupt_in(epoch, at_end=at_end))
    with pytest.raises(RunError, match="--resume"):
        load_run(out)
    with pytest.raises(InputFileError, match="not finished; continue it with --resume"):
        train([text], out, **TINY)
    seen: list[int] = []
    again = train([text], out, **TINY, resume=True, progress=lambda progress: seen.append(progress.epoch))
    assert min(seen) == epoch
    assert weights(again) == weights(run)
    assert again.perplexity == run.perplexity
    assert {item.name for item in out.iterdir()} == FILES


def test_a_finished_run_is_only_read(run: Run, text: Path) -> None:
    def hook(progress: Progress) -> None:
        raise AssertionError(progress)

    assert train([text], run.path, **TINY, resume=True, progress=hook) == run


@pytest.mark.parametrize("name", ["units", "seed", "tokens"])
def test_other_options_do_not_continue_a_run(run: Run, text: Path, name: str) -> None:
    changed = {"units": 9, "seed": 5, "tokens": "char"}[name]
    with pytest.raises(UsageError, match=f"^{name} is {changed!r}, but .* was begun with"):
        train([text], run.path, **{**TINY, name: changed}, resume=True)


def test_another_text_does_not_continue_a_run(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "text.txt"
    other.write_text(TEXT + "\none more line", encoding="utf-8")
    with pytest.raises(UsageError, match="begun with another text"):
        train([other], run.path, **TINY, resume=True)


def test_a_damaged_checkpoint_is_refused(text: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train([text], tmp_path / "run", **TINY, progress=interrupt_in(2, at_end=False))
    (tmp_path / "run/checkpoint/epoch-00001.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(RunError, match=r"epoch-00001.npz is damaged; remove .*run and train again"):
        train([text], tmp_path / "run", **TINY, resume=True)


def test_a_small_corpus_is_learnt_by_heart(tmp_path: Path) -> None:
    file = tmp_path / "rhyme.txt"
    file.write_text("\n".join(["one two three four five six seven"] * 40), encoding="utf-8")
    run = train([file], tmp_path / "run", units=16, embedding=8, dropout=0)
    assert run.facts["kept_epoch"] == run.facts["epochs"] < 40
    assert run.perplexity["train"] < 3


def test_perplexity_falls_on_the_primer(tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    file.write_text("\n".join(read_corpus("primer")[:40]), encoding="utf-8")
    seen: list[float] = []

    def hook(progress: Progress) -> None:
        seen.extend([] if progress.held_out is None else [progress.perplexity])

    train([file], tmp_path / "run", units=16, embedding=16, epochs=5, vocab_size=60, progress=hook)
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < seen[0] / 1.1


def test_the_best_epoch_is_kept_when_patience_ends_a_training(text: Path, tmp_path: Path) -> None:
    run = train([text], tmp_path / "run", **{**TINY, "units": 64, "epochs": 60, "patience": 1})
    history = json.loads((run.path / "history.json").read_text())["epochs"]
    assert len(history) == run.facts["kept_epoch"] + 1 < 60
    assert run.perplexity["held_out"] == min(row["held_out"] for row in history)


def test_characters_are_tokens_too(text: Path, tmp_path: Path) -> None:
    run = train([text], tmp_path / "run", **{**TINY, "epochs": 1}, tokens="char", layers=2)
    assert run.tokenizer.level == "char"
    assert run.tokenizer.decode(run.tokenizer.encode("the big cat")) == "the big cat"


def test_a_single_line_holds_its_end_out(tmp_path: Path) -> None:
    file = tmp_path / "line.txt"
    file.write_text(" ".join(f"w{n % 7}" for n in range(40)), encoding="utf-8")
    run = train([file], tmp_path / "run", **{**TINY, "epochs": 1})
    assert [run.tokenizer.decode(ids) for ids in run.held_out] == ["w1 w2 w3 w4"]


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
        train([file], tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "rnn"}, "cell must be one of .*, not 'rnn'"),
        ({"tokens": "line"}, "tokens must be one of word, char"),
        ({"layers": 0}, "layers must be a whole number from 1 to 16, not 0"),
        ({"units": 1.5}, "units must be a whole number"),
        ({"units": True}, "units must be a whole number"),
        ({"embedding": 10**9}, "embedding must be"),
        ({"vocab_size": 3}, "vocab_size must be a whole number from 4"),
        ({"window": 0}, "window must be"),
        ({"epochs": -1}, "epochs must be"),
        ({"batch": 0}, "batch must be"),
        ({"recurrent_dropout": 1}, "recurrent_dropout must be a number from 0 to 0.9, not 1"),
        ({"projection": 8}, "projection is for the cell projected-lstm, not lstm"),
        ({"tie_embeddings": True, "units": 16}, "give --embedding 16"),
        ({"patience": 0}, "patience must be"),
        ({"dropout": 1}, "dropout must be a number from 0 to 0.9, not 1"),
        ({"dropout": float("nan")}, "dropout must be a number"),
        ({"seed": -1}, "seed must be a whole number from 0"),
    ],
)
def test_an_option_out_of_its_range_is_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        train(["primer"], tmp_path / "run", **options)


def test_an_output_that_exists_is_refused(text: Path, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="exists"):
        train([text], tmp_path)
    with pytest.raises(RunError, match="no run that could be continued"):
        train([text], tmp_path, resume=True)
    with pytest.raises(InputFileError, match="does not exist"):
        train([text], tmp_path / "none" / "run")


def test_a_folder_that_cannot_be_made_is_an_error_in_one_line(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(InputFileError, match=r"cannot write .*: No space left on device; choose"):
        train([text], tmp_path / "run")


def test_one_text_in_place_of_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be a list"):
        train("primer", tmp_path / "run")


def test_a_loss_that_is_no_number_is_an_error() -> None:
    assert perplexity(1e9) < float("inf")
    with pytest.raises(DivergedError, match="no longer a number"):
        perplexity(float("nan"))
    assert issubclass(DivergedError, EdgewordError)


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_every_cell_learns_and_comes_back_from_its_run(tmp_path, cell):
    options = {"units": 16, "embedding": 16, "layers": 2, "epochs": 3, "recurrent_dropout": 0.1, "cell": cell}
    run = train(["primer"], tmp_path / "run", vocab_size=60, **options)
    assert run.perplexity["train"] < 60
    model = keras.models.load_model(run.model_path)
    assert model.output.shape == (None, None, 60)


def test_tied_embeddings_keep_one_table(tmp_path):
    options = {"cell": "projected-lstm", "units": 24, "projection": 12, "embedding": 12, "epochs": 1}
    run = train(["primer"], tmp_path / "run", vocab_size=60, tie_embeddings=True, **options)
    names = [weight.path for weight in keras.models.load_model(run.model_path).weights]
    assert [name for name in names if "embedding" in name or "logits" in name] == ["embedding/embeddings"]
