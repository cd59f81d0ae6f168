"""Loading: what is taken, what is refused, and how each error says what to do."""

import importlib
import math
from pathlib import Path

import pytest

from edgeword import EdgewordWarning, EngineError, MissingEngineError, UsageError, load
from edgeword.engines.engine import ENGINES, Engine
from edgeword.installing import install_command
from tests.runtime.changed import edit_manifest, keep_variants, replace_file

LOADING = {
    "no threads": ({"threads": 0}, "threads is 0"),
    "fewer than no threads": ({"threads": -1}, "threads is -1"),
    "more threads than a machine has": ({"threads": 1_000_000}, "threads is 1000000"),
    "threads true": ({"threads": True}, "threads is True"),
    "threads as text": ({"threads": "2"}, "threads is '2'"),
    "unknown engine": ({"engine": "torch"}, "engine 'torch' is not one of auto, litert, onnx"),
    "engine by its package": ({"engine": "onnxruntime"}, "engine 'onnxruntime'"),
    "unknown precision": ({"precision": "int3"}, "precision 'int3' is not one of auto, "),
    "precision none": ({"precision": None}, "precision None"),
    "engine none": ({"engine": None}, "engine None"),
    "increase below 0": ({"max_perplexity_increase": -1}, "max_perplexity_increase is -1"),
    "increase no number": ({"max_perplexity_increase": math.nan}, "max_perplexity_increase is nan"),
    "increase true": ({"max_perplexity_increase": True}, "max_perplexity_increase is True"),
    "increase as text": ({"max_perplexity_increase": "1"}, "max_perplexity_increase is '1'"),
}


@pytest.mark.parametrize(("arguments", "fragment"), LOADING.values(), ids=LOADING)
def test_what_cannot_be_loaded_is_named(step_bundle, arguments, fragment):
    with pytest.raises(UsageError) as refusal:
        load(step_bundle, **arguments)
    assert fragment in str(refusal.value)


@pytest.mark.parametrize("precision", ["auto", "fastest"])
def test_auto_takes_a_variant_of_the_bundle(step_bundle, precision):
    lm = load(step_bundle, precision=precision)
    assert (lm.variant in lm.bundle.manifest.variants, lm.decode) == (True, "step")
    assert (
        lm.precision
        in {"auto": ["float32"], "fastest": ["float32", "dynamic-int8", "dynamic-int8-per-tensor"]}[precision]
    )
    assert lm.engine_version in lm.variant.verified


def test_a_variant_that_the_bundle_lacks_is_named_beside_those_it_holds(bundle):
    keep_variants(bundle, "model.float32.onnx")
    with pytest.raises(UsageError, match=r"precision dynamic-int8; it holds onnx float32$"):
        load(bundle, precision="dynamic-int8")
    with pytest.raises(UsageError, match="no variant for engine litert"):
        load(bundle, engine="litert")
    assert load(bundle).engine == "onnx"


@pytest.mark.parametrize("precision", ["auto", "fastest"])
def test_a_file_that_an_engine_refuses_is_passed_over(bundle, precision):
    newer = sorted(path.name for path in bundle.glob("model.*.tflite"))
    for name in newer:
        replace_file(bundle, name, b"of a newer version")
    with pytest.warns(EdgewordWarning) as warned:
        assert load(bundle, precision=precision).engine == "onnx"
    said = sorted(str(warning.message) for warning in warned)
    tried = {"auto": ["model.float32.tflite"], "fastest": newer}[precision]
    assert [line.split()[0] for line in said] == tried
    assert all("is not used here: ai-edge-litert 2." in line and "the file is no TFLite file" in line for line in said)
    assert {Path(warning.filename) for warning in warned} == {Path(__file__)}


def test_a_file_that_was_asked_for_is_not_passed_over(bundle):
    replace_file(bundle, "model.dynamic-int8.tflite", b"of a newer version")
    with pytest.raises(EngineError, match=r"model\.dynamic-int8\.tflite: ai-edge-litert .* the file is no TFLite file"):
        load(bundle, "litert", "dynamic-int8")


def test_files_that_no_engine_takes_are_all_named(bundle):
    for path in bundle.glob("model.*"):
        replace_file(bundle, path.name, b"of a newer version")
    with pytest.raises(EngineError) as refusal:
        load(bundle)
    assert all(path.name in str(refusal.value) for path in bundle.glob("model.*"))


def test_a_file_of_other_shapes_is_refused_and_not_passed_over(bundle, window_bundle):
    stranger = (window_bundle / "model.float32.tflite").read_bytes()
    replace_file(bundle, "model.float32.tflite", stranger)
    with pytest.raises(EngineError, match="has no graph 'step'"):
        load(bundle, "litert", "float32")


def test_a_file_with_another_vocabulary_is_refused(bundle):
    edit_manifest(bundle, lambda data: data["spec"].update(vocabulary=50))
    with pytest.raises(EngineError, match=r"'logits' as float32 \[1, 42\], and the spec says float32 \[1, 50\]"):
        load(bundle)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_missing_engine_names_the_command_that_installs_it(step_bundle, monkeypatch, engine):
    monkeypatch.setattr(Engine, "package", property(lambda found: None if found.name == engine else found.packages[0]))
    with pytest.raises(MissingEngineError) as refusal:
        load(step_bundle, engine)
    assert str(refusal.value) == f"the engine {engine} is not installed; {install_command(engine)}"
    assert isinstance(refusal.value, ImportError)
    assert load(step_bundle).engine != engine


def test_no_engine_at_all_names_the_commands(step_bundle, monkeypatch):
    monkeypatch.setattr(Engine, "package", None)
    with pytest.raises(MissingEngineError) as refusal:
        load(step_bundle)
    assert str(refusal.value).endswith(f"{install_command('litert')} or {install_command('onnx')}")


def test_an_engine_that_cannot_be_imported_is_passed_over_and_named(step_bundle, monkeypatch):
    """As tflite-runtime beside NumPy 2, and every engine whose shared library is missing."""

    def import_broken(name, *arguments):
        if name == "ai_edge_litert.interpreter":
            raise ImportError("libbroken.so: cannot open shared object file")
        return importlib.import_module(name, *arguments)

    monkeypatch.setattr("edgeword.engines.litert.import_module", import_broken)
    content = (step_bundle / "model.float32.tflite").read_bytes()
    with pytest.raises(MissingEngineError, match=r"litert is installed but cannot be imported \(ImportError: lib"):
        ENGINES["litert"].open(content, 1)
    with pytest.raises(EngineError, match="cannot be imported"):
        load(step_bundle, "litert")
    assert load(step_bundle).engine == "onnx"
