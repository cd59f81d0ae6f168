"""A training that was interrupted goes on to the same weights, and nothing else is written into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeword import InputFileError, UsageError
from edgeword_train import Run, load_run, train
from edgeword_train.errors import RunError
from edgeword_train.fitting.progress import Progress
from tests.train.tiny_training import FILES, OPTIONS, TEXT, weights

Hook = Callable[[Progress], None]


def interrupt_in(epoch: int, *, at_end: bool) -> Hook:
    def hook(progress: Progress) -> None:
        if progress.epoch == epoch and (progress.held_out is not None) == at_end:
            raise KeyboardInterrupt

    return hook


@pytest.mark.parametrize(("epoch", "at_end"), [(1, False), (2, False), (4, True)])
def test_an_interrupted_run_continues_to_the_same_weights(
    run: Run, text: Path, tmp_path: Path, epoch: int, at_end: bool
) -> None:
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train([text], out, **OPTIONS, progress=interrupt_in(epoch, at_end=at_end))
    with pytest.raises(RunError, match="--resume"):
        load_run(out)
    with pytest.raises(InputFileError, match="not finished; continue it with --resume"):
        train([text], out, **OPTIONS)
    seen: list[int] = []
    again = train([text], out, **OPTIONS, resume=True, progress=lambda progress: seen.append(progress.epoch))
    assert min(seen) == epoch
    assert weights(again) == weights(run)
    assert again.perplexity == run.perplexity
    assert {item.name for item in out.iterdir()} == FILES


def test_a_finished_run_is_only_read(run: Run, text: Path) -> None:
    def hook(progress: Progress) -> None:
        raise AssertionError(progress)

    assert train([text], run.path, **OPTIONS, resume=True, progress=hook) == run


@pytest.mark.parametrize("name", ["units", "seed", "tokens"])
def test_other_options_do_not_continue_a_run(run: Run, text: Path, name: str) -> None:
    changed = {"units": 9, "seed": 5, "tokens": "char"}[name]
    with pytest.raises(UsageError, match=f"^{name} is {changed!r}, but .* was begun with"):
        train([text], run.path, **{**OPTIONS, name: changed}, resume=True)


def test_another_text_does_not_continue_a_run(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "text.txt"
    other.write_text(TEXT + "\none more line", encoding="utf-8")
    with pytest.raises(UsageError, match="begun with another text"):
        train([other], run.path, **OPTIONS, resume=True)


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
