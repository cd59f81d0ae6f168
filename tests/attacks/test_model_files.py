"""Hostile model files: each is refused by name in one line, and the other variants go on."""

from __future__ import annotations

import json

import pytest

from edgeword import EngineError, load
from edgeword.cli.main import main
from edgeword.engines import litert, onnx
from edgeword.model_files.layout import ModelFileError
from tests.attacks import onnx_files, tflite_files, tflite_loops
from tests.runtime.changed import replace_file

FILES = {"onnx": ("onnx", onnx_files), "tflite": ("litert", tflite_files)}
UNSEEN = [(kind, name) for kind, (_, rows) in FILES.items() for name in rows.UNSEEN]
OPENED = [(kind, name) for kind, (_, rows) in FILES.items() for name in rows.OPENED]


def made(bundle, kind, rows, name):
    """Put the row's file in the place of the whole one; returns its engine, its name and the error expected."""
    file = f"model.float32.{kind}"
    maker, fragment = rows[name]
    replace_file(bundle, file, maker((bundle / file).read_bytes()))
    return FILES[kind][0], file, fragment


def refused(bundle, engine, file, fragment):
    with pytest.raises(EngineError) as refusal:
        load(bundle, engine, "float32")
    said = str(refusal.value)
    assert fragment in said
    assert file in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("kind", "name"), UNSEEN)
def test_no_engine_sees_a_byte(bundle, monkeypatch, kind, name):
    engine, file, fragment = made(bundle, kind, FILES[kind][1].UNSEEN, name)
    for module in (litert, onnx):
        monkeypatch.setattr(module, "open_variant", None)
    refused(bundle, engine, file, fragment)


@pytest.mark.parametrize(("kind", "name"), OPENED)
def test_no_word_is_said(bundle, kind, name):
    engine, file, fragment = made(bundle, kind, FILES[kind][1].OPENED, name)
    refused(bundle, engine, file, fragment)


ONE_OF_EACH = [
    ("onnx", "a loop of 2 ** 62 turns"),
    ("onnx", "logits of one element at run time"),
    ("onnx", "logits that are no numbers"),
    ("tflite", "a loop that goes on for ever"),
    ("tflite", "a token that is text"),
    ("tflite", "an input over the file's own bytes"),
    ("tflite", "a probability that is no number"),
]


@pytest.mark.parametrize(("kind", "name"), ONE_OF_EACH)
def test_the_other_variants_go_on(bundle, capsys, kind, name):
    rows = {**FILES[kind][1].UNSEEN, **FILES[kind][1].OPENED}
    engine, file, fragment = made(bundle, kind, rows, name)
    whole = load(bundle, "onnx" if engine == "litert" else "litert", "float32")
    assert main(["generate", str(bundle), "the cell", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out, parse_constant=pytest.fail)["ids"] == list(whole.generate("the cell").ids)
    assert f"edgeword: {file} is not used here: " in said.err
    assert fragment in said.err
    assert main(["verify", str(bundle)]) == 1
    said = capsys.readouterr()
    (refused_line,) = [line for line in said.out.splitlines() if line.startswith("refused ")]
    assert file in refused_line
    assert fragment in refused_line
    assert said.out.count("\npassed ") == 4
    assert said.err == "edgeword: a variant fails on an engine that it was verified on\n"


@pytest.mark.parametrize(("kind", "name"), ONE_OF_EACH)
def test_without_self_tests_they_go_on_too(bundle, monkeypatch, kind, name):
    rows = {**FILES[kind][1].UNSEEN, **FILES[kind][1].OPENED}
    engine, _, fragment = made(bundle, kind, rows, name)
    monkeypatch.setenv("EDGEWORD_SELF_TEST", "0")
    try:
        assert load(bundle, precision="float32").engine != engine or fragment in str(spoken(bundle, engine))
    except EngineError as error:
        assert fragment in str(error)  # noqa: PT017


def spoken(bundle, engine):
    with pytest.raises(EngineError) as refusal:
        load(bundle, engine, "float32").generate("the cell")
    return refusal.value


def test_the_table_is_long_enough():
    assert len(UNSEEN) + len(OPENED) >= 60
    assert ModelFileError.exit_code == 2


@pytest.mark.parametrize("name", tflite_loops.WHOLE)
def test_a_loop_that_is_known_to_end_is_run(bundle, name):
    file = "model.float32.tflite"
    expected = load(bundle, "litert", "float32").generate("the cell").ids
    replace_file(bundle, file, tflite_loops.WHOLE[name]((bundle / file).read_bytes()))
    assert load(bundle, "litert", "float32").generate("the cell").ids == expected
