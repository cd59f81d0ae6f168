"""The demo, with a training that was done already."""

from __future__ import annotations

import shutil

import pytest

import edgeword
from edgeword.errors import GateError, InputFileError
from edgeword_export import demo as demo_module
from edgeword_train.training import train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small run, in place of the demo's own."""
    folder = tmp_path_factory.mktemp("demo")
    text = folder / "text.txt"
    line = " ".join(["lstm networks are read by the cell and the cell reads the next word"] * 3)
    text.write_text(f"{line}\n" * 8, encoding="utf-8")
    train([text], folder / "run", units=16, embedding=16, epochs=2, window=20)
    return folder / "run"


@pytest.fixture
def trained(run, monkeypatch):
    monkeypatch.setattr(demo_module, "train", lambda _texts, out, **_options: shutil.copytree(run, out))
    monkeypatch.setattr(demo_module, "_TIMED_WORDS", 5)


def test_it_leaves_a_run_and_a_bundle_and_says_how_to_go_on(trained, tmp_path, capsys):
    demo_module.demo(tmp_path / "demo", lambda _line: None)
    lm = edgeword.load(tmp_path / "demo" / "bundle")
    out = capsys.readouterr().out
    words = lm.generate(demo_module.PROMPT, 12).text
    assert out.count(words) >= 3  # the notebook's, and float32 on both engines
    assert f"next: edgeword generate {tmp_path / 'demo' / 'bundle'}" in out


def test_words_that_are_not_the_notebooks_fail(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(demo_module, "notebook_loop", lambda *_: ([3] * 12, 50.0))
    with pytest.raises(GateError, match="the notebook"):
        demo_module.demo(tmp_path / "demo", lambda _line: None)
    assert not (tmp_path / "demo").exists()


def test_an_existing_folder_is_left_alone(tmp_path):
    with pytest.raises(InputFileError, match="exists"):
        demo_module.demo(tmp_path, lambda _line: None)
