"""Hostile model files: each is refused by name in one line, and the other variants go on."""

from __future__ import annotations

import pytest

from edgeword import EngineError, load
from edgeword.engines import litert, onnx
from edgeword.model_files.layout import ModelFileError
from tests.attacks import onnx_files, tflite_files
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


def test_the_table_is_long_enough():
    assert len(UNSEEN) + len(OPENED) >= 60
    assert ModelFileError.exit_code == 2


@pytest.mark.parametrize("name", tflite_files.WHOLE)
def test_a_loop_that_is_known_to_end_is_run(bundle, name):
    file = "model.float32.tflite"
    expected = load(bundle, "litert", "float32").generate("the cell").ids
    replace_file(bundle, file, tflite_files.WHOLE[name]((bundle / file).read_bytes()))
    assert load(bundle, "litert", "float32").generate("the cell").ids == expected
