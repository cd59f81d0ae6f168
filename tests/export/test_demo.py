"""The demo, with a training that was done already."""

from __future__ import annotations

import shutil

import pytest

import edgeword
from edgeword.errors import GateError, InputFileError
from edgeword.tables import LINE
from edgeword_export import demo as demo_module
from edgeword_export.demo_folder import demo_folder
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
    assert f"{demo_module.PROMPT} {words.lstrip()}" in out  # the notebook's words
    rows = [line for line in out.splitlines() if line.startswith(("litert", "onnx ")) and "×" in line]
    assert sum(row.endswith("the same") for row in rows if " float32 " in row) == 2
    assert max(len(line) for line in out.splitlines() if line.startswith(("tflite", "litert", "onnx"))) <= LINE


def test_only_a_demo_is_replaced_and_only_by_a_whole_one(tmp_path):
    folder = tmp_path / "demo"
    (folder / "bundle").mkdir(parents=True)
    (folder / "bundle" / "old").touch()
    with pytest.raises(InputFileError, match="--force replaces it"), demo_folder(folder, replace=False):
        pytest.fail("it was begun")
    with pytest.raises(GateError), demo_folder(folder, replace=True):
        raise GateError("other words")
    assert (folder / "bundle" / "old").exists()
    (folder / "notes.txt").write_text("mine")
    with (
        pytest.raises(InputFileError, match=r"holds notes\.txt, which no demo made"),
        demo_folder(folder, replace=True),
    ):
        pytest.fail("it was begun")
    (folder / "notes.txt").unlink()
    with demo_folder(folder, replace=True) as making:
        (making / "bundle").mkdir()
    assert [path.name for path in folder.iterdir()] == ["bundle"]
    assert not (folder / "bundle" / "old").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_words_that_are_not_the_notebooks_fail(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(demo_module, "notebook_loop", lambda *_: ([3] * 12, 50.0))
    with pytest.raises(GateError, match="the notebook"):
        demo_module.demo(tmp_path / "demo", lambda _line: None)
    assert not (tmp_path / "demo").exists()


def test_an_existing_folder_is_left_alone(tmp_path):
    with pytest.raises(InputFileError, match="exists"):
        demo_module.demo(tmp_path, lambda _line: None)
