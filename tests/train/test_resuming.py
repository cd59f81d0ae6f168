"""A training that was interrupted goes on to the same weights, and nothing else is written into."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeword import InputFileError, UsageError
from edgeword_train import Run, load_run, resume, train
from edgeword_train.errors import RunError
from edgeword_train.fitting.progress import Progress, Watch
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
        train([text], out, **OPTIONS, watch=Watch(progress=interrupt_in(epoch, at_end=at_end)))
    with pytest.raises(RunError, match="--resume"):
        load_run(out)
    with pytest.raises(InputFileError, match=r"not finished; continue it with: edgeword train --resume"):
        train([text], out, **OPTIONS)
    seen: list[int] = []
    again = resume(out, watch=Watch(progress=lambda progress: seen.append(progress.epoch)))
    assert min(seen) == epoch
    assert weights(again) == weights(run)
    assert again.perplexity == run.perplexity
    assert {item.name for item in out.iterdir()} == FILES


def interrupted(text: Path, out: Path, epoch: int) -> Path:
    with pytest.raises(KeyboardInterrupt):
        train([text], out, **OPTIONS, watch=Watch(progress=interrupt_in(epoch, at_end=False)))
    return out


def test_the_best_epoch_so_far_is_a_finished_run(text: Path, tmp_path: Path) -> None:
    out = interrupted(text, tmp_path / "run", 3)

    def hook(progress: Progress) -> None:
        raise AssertionError(progress)

    run = resume(out, finish=True, watch=Watch(progress=hook))
    assert (run.record.epochs, run.record.kept_epoch) == (2, run.record.best_epoch)
    assert {item.name for item in out.iterdir()} == FILES


def test_a_run_without_a_whole_epoch_goes_on_and_cannot_be_finished(text: Path, tmp_path: Path) -> None:
    out = interrupted(text, tmp_path / "run", 1)
    with pytest.raises(RunError, match="no epoch of this run is whole yet"):
        resume(out, finish=True)
    assert {item.name for item in out.iterdir()} == {"options.json"}


def test_a_run_that_was_killed_before_it_tidied_up_is_tidied(run: Run, tmp_path: Path) -> None:
    out = shutil.copytree(run.path, tmp_path / "run")
    (out / "checkpoint").mkdir()
    (out / "checkpoint" / "state.json").touch()
    (out / "options.json").touch()
    assert resume(out).record == run.record
    assert {item.name for item in out.iterdir()} == FILES


def test_a_text_that_was_changed_does_not_continue_a_run(text: Path, tmp_path: Path) -> None:
    other = tmp_path / "text.txt"
    other.write_text(TEXT, encoding="utf-8")
    out = interrupted(other, tmp_path / "run", 1)
    other.write_text(TEXT + "\none more line", encoding="utf-8")
    with pytest.raises(UsageError, match=r"^text.txt was changed after .* was begun with it"):
        resume(out)


def test_an_output_that_exists_is_refused(text: Path, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="exists"):
        train([text], tmp_path)
    with pytest.raises(RunError, match="no run that could be continued"):
        resume(tmp_path)
    with pytest.raises(InputFileError, match="no run folder"):
        resume(tmp_path / "none")
    with pytest.raises(InputFileError, match="does not exist"):
        train([text], tmp_path / "none" / "run")


def test_a_folder_that_cannot_be_made_is_an_error_in_one_line(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "mkdir", full)
    with pytest.raises(InputFileError, match=r"cannot write .*: No space left on device; free"):
        train([text], tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_one_text_in_place_of_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be a list"):
        train("primer", tmp_path / "run")
