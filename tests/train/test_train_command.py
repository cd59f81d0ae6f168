"""The command parses, prints its result to standard output, and names the next one."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edgeword import EdgewordError, extras
from edgeword.cli.main import main
from edgeword.installing import install_command
from edgeword_train import commands
from edgeword_train.commands import TRAIN, given_options
from edgeword_train.options import TrainingOptions


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
    assert output.out.splitlines()[-1].startswith("perplexity: train")
    lines = [line.split("  ")[0].split(":")[0] for line in output.err.splitlines()]
    assert lines == ["text", "model", "steps", "epoch 1/2", "epoch 2/2"]
    assert run_command("--resume", out) == 0
    assert "finished already" in capsys.readouterr().err


def test_an_interruption_says_how_to_continue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        (tmp_path / "options.json").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "train_with", interrupted)
    assert run_command("primer", "--out", str(tmp_path / "none")) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert run_command("primer", "--out", str(tmp_path)) == 130
    assert f"edgeword train --resume {tmp_path}" in capsys.readouterr().err


def test_a_missing_package_is_one_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda name: name != "matplotlib")
    assert main(["train", "primer", "--out", str(tmp_path / "run")]) == 2
    output = capsys.readouterr()
    assert output == ("", f"edgeword: matplotlib is not installed; {install_command('train')}\n")
    assert list(tmp_path.iterdir()) == []


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    TRAIN.add_arguments(parser)
    return parser.parse_args(arguments)


def test_every_option_has_its_flag_and_only_what_is_given_is_taken() -> None:
    assert given_options(parsed("primer", "--out", "run")) == {}
    flags = [name.replace("_", "-") for name in TrainingOptions().to_dict()]
    arguments = {name: [] if name in ("memorize", "tie-embeddings") else ["1"] for name in flags}
    arguments |= {"cell": ["gru"], "tokens": ["char"], "markers": ["keep"]}
    words = [word for name, values in arguments.items() for word in (f"--{name}", *values)]
    assert set(given_options(parsed("primer", "--out", "run", *words))) == set(TrainingOptions().to_dict())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["primer"], "give the folder to be written, with --out RUN"),
        (["primer", "--out", "run", "--finish"], "--finish ends a run that was begun"),
        (["primer", "--resume", "run"], "--resume RUN knows its options"),
        (["--resume", "run", "--units", "3"], "--resume RUN knows its options"),
        (["primer", "--out", "run", "--preset", "keyboard", "--units", "3"], "--preset keyboard has units 670, not 3"),
        (["--resume", "none"], "there is no run folder none"),
    ],
)
def test_what_contradicts_itself_is_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(EdgewordError, match=message) as caught:
        run_command(*arguments)
    assert "\n" not in str(caught.value)
