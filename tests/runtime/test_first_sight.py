"""What Python shows before anybody has read a document."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import edgeword
from edgeword.bundle.bundle import Bundle

PACKAGES = ("edgeword", "edgeword_train", "edgeword_bench", "edgeword_export")


@pytest.mark.parametrize("name", PACKAGES)
def test_help_begins_with_an_example_and_dir_shows_what_is_public(name):
    package = importlib.import_module(name)
    assert f">>> import {name}\n" in package.__doc__
    assert set(package.__all__) <= set(dir(package))
    assert (Path(package.__file__).parent / "py.typed").exists()


def test_every_public_class_has_a_repr():
    classes = [getattr(edgeword, name) for name in edgeword.__all__ if isinstance(getattr(edgeword, name), type)]
    assert edgeword.LanguageModel in classes
    assert [cls for cls in classes if cls.__repr__ is object.__repr__] == []


def test_a_bundle_names_its_variants(step_bundle):
    assert repr(Bundle(step_bundle)).startswith(f"Bundle('{step_bundle}', variants=['model.float32.tflite', ")


@pytest.mark.parametrize("engine", ["litert", "onnx"])
def test_an_engine_writes_nothing_on_the_screen(step_bundle, engine):
    code = "import sys, edgeword; edgeword.load(sys.argv[1], sys.argv[2]).generate('the', 2)"
    done = subprocess.run([sys.executable, "-c", code, str(step_bundle), engine], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
