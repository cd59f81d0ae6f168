"""A run folder that is missing, foreign, unfinished or damaged is refused in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgeword import EdgewordError, InputFileError, Tokenizer
from edgeword_train import load_run
from edgeword_train.errors import RunError
from edgeword_train.options import TrainingOptions

STARTED: dict[str, Any] = {
    "format": "edgeword-run",
    "version": 1,
    "options": TrainingOptions(units=8).to_dict(),
    "corpus": [{"name": "text.txt", "sha256": "0" * 64, "tokens": 4}],
}
UNFINISHED = {**STARTED, "texts": ["primer"]}
FACTS: dict[str, Any] = {
    **STARTED,
    "window": 3,
    "vocabulary": 3,
    "parameters": 100,
    "perplexity": {"train": 2.5, "held_out": 4.0},
    "epochs": 2,
    "kept_epoch": 1,
    "best_epoch": 1,
    "best_perplexity": 4.0,
    "seconds": 1.5,
    "words_per_second": 100.0,
    "versions": {"keras": "3.8.0"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run, but for the content of its model."""
    (tmp_path / "run.json").write_text(json.dumps(FACTS), encoding="utf-8")
    (tmp_path / "tokenizer.json").write_text(Tokenizer(("a", "b")).to_json(), encoding="utf-8")
    (tmp_path / "held_out.json").write_text('{"sequences": [[1, 2]]}', encoding="utf-8")
    (tmp_path / "model.keras").touch()
    return tmp_path


def test_a_run_is_read(folder: Path) -> None:
    run = load_run(folder)
    assert run.tokenizer.vocabulary == ("a", "b")
    assert (run.window, run.held_out, run.options.units) == (3, ((1, 2),), 8)
    assert run.model_path == folder / "model.keras"
    assert run.perplexity == {"train": 2.5, "held_out": 4.0}
    assert run.facts == FACTS


def facts(**changed: object) -> str:
    return json.dumps({**FACTS, **changed})


@pytest.mark.parametrize(
    ("file", "content", "error", "message"),
    [
        ("run.json", None, RunError, "no run: it has no run.json"),
        ("run.json", "{", RunError, "run.json: not JSON .*; train again with: edgeword train"),
        ("run.json", '{"version": NaN}', RunError, "NaN is no JSON number"),
        ("run.json", '{"version": 1, "version": 1}', RunError, "'version' occurs twice"),
        ("run.json", "[]", RunError, "not of format 'edgeword-run'"),
        ("run.json", facts(format="other"), RunError, "not of format"),
        ("run.json", facts(version=2), RunError, "has version 2, not 1; upgrade"),
        ("run.json", facts(options=None), RunError, "run.options is not an object"),
        ("run.json", facts(options={}), RunError, "run.options misses 'batch'"),
        ("run.json", facts(options={**FACTS["options"], "new": 1}), RunError, "run.options has the unknown key 'new'"),
        ("run.json", facts(options={**FACTS["options"], "units": 0}), RunError, "run.options: units must be"),
        ("run.json", facts(corpus=[{"name": "text.txt"}]), RunError, r"run.corpus\[0\] misses 'sha256'"),
        ("run.json", facts(more=1), RunError, "run has the unknown key 'more'"),
        ("run.json", json.dumps(STARTED), RunError, "run misses 'best_epoch'"),
        ("run.json", facts(window="3"), RunError, "run.window is not an integer"),
        ("run.json", facts(window=0), RunError, "window must be"),
        ("run.json", facts(perplexity={"train": 1.0}), RunError, "run.perplexity misses 'held_out'"),
        ("tokenizer.json", None, InputFileError, "cannot read .*tokenizer.json"),
        ("tokenizer.json", "{}", RunError, "tokenizer"),
        ("held_out.json", '{"sequences": [[3]]}', RunError, "ids that are not below 3"),
        ("held_out.json", '{"sequences": [[-1]]}', RunError, "ids that are not below 3"),
        ("held_out.json", '{"sequences": [[true]]}', RunError, r"held_out.sequences\[0\]\[0\] is not an integer"),
        ("held_out.json", "[]", RunError, "held_out is not an object"),
        ("held_out.json", "\udcff", RunError, "is not UTF-8"),
        ("model.keras", None, RunError, "misses model.keras"),
    ],
)
def test_what_is_no_run_is_refused(
    folder: Path, file: str, content: str | None, error: type[EdgewordError], message: str
) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(error, match=message) as caught:
        load_run(folder)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"there is no run folder .*edgeword train"):
        load_run(tmp_path / "none")


def test_an_unfinished_run_names_the_command_that_continues_it(tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text(json.dumps(UNFINISHED), encoding="utf-8")
    with pytest.raises(RunError, match=r"no finished run: continue it with: edgeword train --resume"):
        load_run(tmp_path)


LIGHT = ("edgeword_train", "edgeword_train.commands", "edgeword_train.training", "edgeword_train.run.starting")


@pytest.mark.parametrize("module", LIGHT)
def test_the_light_modules_import_no_tensorflow(module: str) -> None:
    code = (
        f"import sys, {module}; edgeword = sys.modules['edgeword_train'].train\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
