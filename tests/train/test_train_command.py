"""The command parses, prints its result to standard output, and names the next one."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pytest

from edgeword_train import training
from edgeword_train.commands import TRAIN
from edgeword_train.fitting.progress import Progress, ProgressPrinter
from edgeword_train.options import CELL_NAMES, TrainingOptions


def run_command(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    TRAIN.add_arguments(parser)
    return TRAIN.run(parser.parse_args(arguments))


def test_results_go_to_standard_output_and_progress_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\n".join(["one two three", "two three one"] * 5), encoding="utf-8")
    out = str(tmp_path / "run")
    sizes = ["--units", "4", "--embedding", "4", "--epochs", "2"]
    assert run_command(str(text), "--out", out, *sizes) == 0
    output = capsys.readouterr()
    assert output.out.splitlines()[-1] == f"next: edgeword export {out} --out {out}-bundle"
    assert "perplexity: train" in output.out
    assert [line.split("  ")[0] for line in output.err.splitlines()] == ["epoch 1/2", "epoch 2/2"]
    assert run_command(str(text), "--out", out, *sizes, "--resume") == 0
    assert "finished already" in capsys.readouterr().err


def test_an_interruption_says_how_to_continue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        (tmp_path / "options.json").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupted)
    assert run_command("primer", "--out", str(tmp_path / "none")) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert run_command("primer", "--out", str(tmp_path)) == 130
    assert "--resume" in capsys.readouterr().err


def test_the_defaults_are_those_of_the_options() -> None:
    parser = argparse.ArgumentParser()
    TRAIN.add_arguments(parser)
    given = vars(parser.parse_args(["primer", "--out", "run"]))
    for name, value in TrainingOptions().to_dict().items():
        assert given.get(name) == value


def test_every_cell_name_has_its_row() -> None:
    from edgeword_train.models.architecture import CELLS

    assert tuple(CELLS) == CELL_NAMES


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "live"), [(io.StringIO(), False), (Terminal(), True)])
def test_a_line_grows_in_place_only_on_a_terminal(stream: io.StringIO, live: bool) -> None:
    printer = ProgressPrinter(stream)
    printer(Progress(3, 20, 0.5, 46.2, 5200.0))
    printer(Progress(3, 20, 1.0, 45.1, 5100.0, held_out=80.2))
    printed = stream.getvalue()
    assert printed.endswith("epoch 3/20  perplexity 45.1 (held out 80.2)  5,100 words/s\n")
    assert printed.count("\n") == 1
    assert ("epoch 3/20  perplexity 46.2 (50%)  5,200 words/s" in printed) == live
    assert ("\r" in printed) == live
