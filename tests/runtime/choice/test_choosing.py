"""The choice: what is tried, and what is taken."""

import warnings

import pytest

import edgeword.choice.trial
from edgeword import EdgewordWarning, EngineError, MissingEngineError, UsageError, load
from edgeword.engines.engine import ENGINES
from tests.runtime.changed import edit_manifest, keep_variants
from tests.runtime.choice.loaded import break_engine, files, quietly
from tests.runtime.damaged import damage

FLOAT32 = ["model.float32.tflite", "model.float32.onnx"]
INT8 = ["model.dynamic-int8.tflite", "model.dynamic-int8.onnx"]
PER_TENSOR = "model.dynamic-int8-per-tensor.tflite"


@pytest.mark.parametrize("taken", FLOAT32)
def test_the_most_faithful_is_taken_on_the_engine_that_is_fastest_with_it(step_bundle, timed, taken):
    tried = timed({taken: 3.5, INT8[0]: 0.1, INT8[1]: 0.1})
    assert load(step_bundle).variant.file == taken
    assert tried == FLOAT32


def test_without_float32_the_most_faithful_of_the_others_is_taken(bundle, timed):
    keep_variants(bundle, *INT8, PER_TENSOR)
    timed({PER_TENSOR: 0.1, INT8[1]: 1.0})
    assert load(bundle).variant.file == INT8[1]


def test_what_is_less_faithful_is_tried_where_nothing_else_passes(bundle):
    for file in FLOAT32:
        damage(bundle, file)
    with pytest.warns(EdgewordWarning) as warned:
        lm = load(bundle)
    assert lm.precision == "dynamic-int8"
    assert [str(warning.message).split()[0] for warning in warned] == FLOAT32
    assert quietly(bundle).variant == lm.variant


def test_the_fastest_is_taken_where_it_is_asked_for(step_bundle, timed):
    for threads, file in enumerate(files(step_bundle), start=1):
        timed({file: 3.5})
        assert load(step_bundle, precision="fastest", threads=threads).variant.file == file


def test_of_equally_fast_ones_the_most_faithful_is_taken(step_bundle, timed):
    timed({})
    assert load(step_bundle, precision="fastest").variant.file == FLOAT32[0]


def test_only_what_was_asked_for_is_tried(step_bundle, timed):
    tried = timed({})
    assert load(step_bundle, "onnx", "float32").variant.file == "model.float32.onnx"
    assert tried == ["model.float32.onnx"]
    load(step_bundle)
    assert sorted(tried) == sorted(FLOAT32)
    load(step_bundle, "onnx", "fastest")
    assert sorted(tried) == sorted([*FLOAT32, INT8[1]])
    load(step_bundle, precision="fastest")
    assert sorted(tried) == sorted(files(step_bundle))


def test_without_self_tests_the_first_verified_is_taken(step_bundle, monkeypatch, opened, cache):
    monkeypatch.setenv("EDGEWORD_SELF_TEST", "0")
    assert (quietly(step_bundle).variant.file, opened) == (FLOAT32[0], ["litert"])
    assert quietly(step_bundle, engine="onnx").variant.file == FLOAT32[1]
    assert quietly(step_bundle, precision="dynamic-int8").variant.file == INT8[0]
    assert not cache.exists()


def test_without_self_tests_nothing_is_known_to_be_the_fastest(step_bundle, monkeypatch):
    monkeypatch.setenv("EDGEWORD_SELF_TEST", "0")
    with pytest.raises(UsageError, match="precision 'fastest' needs the trials that EDGEWORD_SELF_TEST=0 leaves out"):
        load(step_bundle, precision="fastest")


def verified_on(*versions: str):
    return lambda data: [variant.update(verified=list(versions)) for variant in data["variants"]]


@pytest.mark.parametrize("versions", [[], [""], ["tflite-runtime 2.14.0", "onnxruntime-gpu 1.31.1"]])
def test_without_self_tests_what_was_not_verified_here_is_passed_over(bundle, monkeypatch, versions):
    monkeypatch.setenv("EDGEWORD_SELF_TEST", "0")
    edit_manifest(bundle, verified_on(*versions))
    assert quietly(bundle).precision == "float32"
    with pytest.raises(EngineError, match=r"dynamic-int8\.tflite: it was not verified on ai-edge-litert, and EDGEWORD"):
        load(bundle, "litert", "dynamic-int8")


def test_without_self_tests_another_version_of_the_package_will_do(bundle, monkeypatch):
    monkeypatch.setenv("EDGEWORD_SELF_TEST", "0")
    edit_manifest(bundle, verified_on("onnxruntime 1.17.0"))
    assert quietly(bundle, precision="dynamic-int8").engine == "onnx"


@pytest.mark.parametrize("self_test", ["0", "here"])
def test_an_engine_that_cannot_be_imported_is_passed_over(step_bundle, monkeypatch, self_test):
    monkeypatch.setenv("EDGEWORD_SELF_TEST", self_test)
    break_engine(monkeypatch, "litert")
    assert quietly(step_bundle).engine == "onnx"
    assert quietly(step_bundle).engine == "onnx"
    with pytest.raises(MissingEngineError, match="cannot be imported"):
        load(step_bundle, "litert")


def test_an_engine_that_broke_since_is_passed_over(step_bundle, monkeypatch, timed):
    timed({"model.float32.tflite": 1.0})
    assert load(step_bundle).engine == "litert"
    break_engine(monkeypatch, "litert")
    assert quietly(step_bundle).engine == "onnx"


def test_where_the_only_tried_engine_broke_since_another_one_is_tried(step_bundle, monkeypatch):
    load(step_bundle, "litert")
    break_engine(monkeypatch, "litert")
    assert quietly(step_bundle).engine == "onnx"
    with pytest.raises(MissingEngineError, match="litert is installed but cannot be imported"):
        load(step_bundle, "litert")


@pytest.mark.parametrize("precision", ["auto", "fastest"])
def test_an_engine_that_cannot_be_imported_is_asked_once(step_bundle, monkeypatch, opened, precision):
    break_engine(monkeypatch, "litert")
    count = {"auto": 1, "fastest": len([file for file in files(step_bundle) if file.endswith(".onnx")])}[precision]
    load(step_bundle, precision=precision)
    assert opened == ["onnx"] * (count + 1)


def test_where_no_engine_can_be_imported_the_error_says_so(step_bundle, monkeypatch):
    for engine in ENGINES:
        break_engine(monkeypatch, engine)
    with pytest.raises(MissingEngineError, match="cannot be imported"):
        load(step_bundle)


def test_a_precision_that_would_take_the_process_down_is_never_opened(all_precisions_bundle, monkeypatch, opened):
    monkeypatch.setattr(edgeword.choice.trial, "UNSAFE", {"ai-edge-litert": ("int4",)})
    for self_test in ("0", "here"):
        monkeypatch.setenv("EDGEWORD_SELF_TEST", self_test)
        with pytest.raises(EngineError, match=r"int4\.tflite: .*ai-edge-litert refuses the file: int4 would corrupt"):
            load(all_precisions_bundle, "litert", "int4")
    assert opened == []


def test_more_perplexity_than_is_allowed_is_no_candidate(bundle, timed):
    increases = {INT8[0]: 0.4, INT8[1]: 2.0, PER_TENSOR: 3.0}

    def edit(data):
        for variant in data["variants"]:
            variant["fidelity"]["perplexity_increase"] = increases.get(variant["file"], 0.001)

    edit_manifest(bundle, edit)
    timed({PER_TENSOR: 1.0, INT8[1]: 2.0, INT8[0]: 3.0})
    for limit, file in {None: PER_TENSOR, 3: PER_TENSOR, 2.5: INT8[1], 0.4: INT8[0]}.items():
        assert load(bundle, precision="fastest", max_perplexity_increase=limit).variant.file == file
    assert load(bundle, precision="fastest", max_perplexity_increase=0).variant.file not in increases
    with pytest.raises(UsageError, match=r"precision dynamic-int8, perplexity at most 1 % higher; it holds "):
        load(bundle, "onnx", "dynamic-int8", max_perplexity_increase=1)


def test_a_bundle_of_one_variant_is_tried_too(bundle):
    keep_variants(bundle, "model.float32.onnx")
    damage(bundle, "model.float32.onnx")
    with pytest.raises(EngineError, match="self-test failed"):
        load(bundle)


def test_a_warning_made_an_error_is_still_remembered(bundle, opened):
    damage(bundle, "model.float32.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("error", EdgewordWarning)
        with pytest.raises(EdgewordWarning):
            load(bundle)
        opened.clear()
        load(bundle)
    assert len(opened) == 1
