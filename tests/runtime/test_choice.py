"""The choice by measurement: what is tried, what is taken, and what is remembered of it."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import edgeword.choice
from edgeword import EdgewordWarning, EngineError, MissingEngineError, UsageError, load
from edgeword.bundle.bundle import Bundle
from edgeword.choice.choosing import candidates
from edgeword.choice.trial import Trial
from edgeword.engines.engine import EngineKind
from tests.runtime.changed import edit_manifest, keep_variants
from tests.runtime.damaged import damage


@pytest.fixture
def cache() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "edgeword"


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The engines that opened a file, one entry for each file."""
    names: list[str] = []
    whole = EngineKind.open

    def counted(kind, content, threads):
        names.append(kind.name)
        return whole(kind, content, threads)

    monkeypatch.setattr(EngineKind, "open", counted)
    return names


@pytest.fixture
def timed(monkeypatch):
    """Give each variant the time of its file, without asking it; the tried ones are returned."""

    def run(times: dict[str, float], otherwise: float = 50.0) -> list[str]:
        tried: list[str] = []

        def told(bundle, kind, variant, threads):
            tried.append(variant.file)
            version = kind.open(bundle.read(variant), threads).version
            return Trial(kind.name, version, variant.file, "", times.get(variant.file, otherwise))

        monkeypatch.setattr(edgeword.choice, "try_variant", told)
        return tried

    return run


def files(bundle: Path) -> list[str]:
    return [variant.file for _, variant in candidates(Bundle(bundle))]


def break_engine(monkeypatch, broken: str) -> None:
    """As an engine whose shared library is missing."""
    whole = EngineKind.open

    def open_or_fail(kind, content, threads):
        if kind.name == broken:
            raise MissingEngineError(f"{broken} is installed but cannot be imported")
        return whole(kind, content, threads)

    monkeypatch.setattr(EngineKind, "open", open_or_fail)


def quietly(bundle: Path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load(bundle, **options)


def test_the_fastest_is_taken(step_bundle, timed):
    for file in files(step_bundle):
        timed({file: 3.5})
        assert load(step_bundle, threads=1 + files(step_bundle).index(file)).variant.file == file


def test_of_equally_fast_ones_the_first_of_the_table_is_taken(step_bundle, timed):
    timed({})
    assert load(step_bundle).variant.file == "model.dynamic-int8.tflite"


def test_only_what_was_asked_for_is_tried(step_bundle, timed):
    tried = timed({})
    assert load(step_bundle, "onnx", "float32").variant.file == "model.float32.onnx"
    assert tried == ["model.float32.onnx"]
    load(step_bundle, "onnx")
    assert sorted(tried) == sorted(file for file in files(step_bundle) if file.endswith(".onnx"))
    load(step_bundle)
    assert sorted(tried) == sorted(files(step_bundle))


def test_the_second_load_opens_one_file(step_bundle, opened):
    first = load(step_bundle)
    assert len(opened) == len(files(step_bundle)) + 1
    opened.clear()
    second = load(step_bundle)
    assert opened == [first.engine]
    assert second.variant == first.variant


def test_what_is_remembered_is_a_row_for_each_trial(step_bundle, cache):
    lm = load(step_bundle)
    (path,) = cache.iterdir()
    rows = json.loads(path.read_text())
    assert sorted(row["file"] for row in rows) == sorted(files(step_bundle))
    assert all(list(row) == ["engine", "version", "file", "refusal", "us_per_word"] for row in rows)
    assert min(rows, key=lambda row: row["us_per_word"])["file"] == lm.variant.file
    assert lm.engine_version in {row["version"] for row in rows}


def rewrite(cache: Path, **values) -> None:
    """Change every remembered row."""
    (path,) = cache.iterdir()
    path.write_text(json.dumps([{**row, **values} for row in json.loads(path.read_text())]))


def test_another_version_of_the_engine_is_tried_anew(step_bundle, cache, opened):
    first = load(step_bundle, "litert")
    count = len(opened)
    rewrite(cache, version="ai-edge-litert 2.0.0")
    opened.clear()
    assert load(step_bundle, "litert").engine_version == first.engine_version
    assert len(opened) == count + 1
    opened.clear()
    load(step_bundle, "litert")
    assert len(opened) == 1


def test_what_another_version_refused_is_tried_anew(step_bundle, cache):
    load(step_bundle, "onnx")
    rewrite(cache, version="onnxruntime 1.0.0", refusal="onnxruntime 1.0.0 refuses the file", us_per_word=None)
    assert quietly(step_bundle, engine="onnx").engine_version.startswith("onnxruntime 1.")
    (path,) = cache.iterdir()
    assert not any(row["refusal"] for row in json.loads(path.read_text()))


def test_a_refusal_stays_remembered_beside_what_passes(bundle, cache, opened):
    damage(bundle, "model.dynamic-int8.tflite")
    with pytest.warns(EdgewordWarning):
        load(bundle)
    opened.clear()
    quietly(bundle)
    assert len(opened) == 1


CORRUPT = {
    "empty": b"",
    "cut": b'[{"engine": "litert", "ver',
    "no text": b"\xff\xfe\x00",
    "no list": b"5",
    "null": b"null",
    "an object": b'{"engine": "litert"}',
    "a list of lists": b"[[]]",
    "too deep": b"[" * 100_000,
    "another format": b'[{"engine": "litert", "file": "model.float32.tflite", "ms": 1}]',
    "no time": None,
    "a time in words": ("us_per_word", "fast"),
    "a time that is no number": ("us_per_word", float("nan")),
    "endless": ("us_per_word", float("inf")),
    "below 0": ("us_per_word", -1.0),
    "refused and timed": ("refusal", "it is late"),
    "refusal none": ("refusal", None),
    "engine as a list": ("engine", ["litert"]),
    "version as a number": ("version", 2),
}


@pytest.mark.parametrize("content", CORRUPT.values(), ids=CORRUPT)
def test_what_cannot_be_read_is_tried_anew(step_bundle, cache, opened, content):
    load(step_bundle, "litert", "float32")
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        key, value = content or ("us_per_word", None)
        rewrite(cache, **{key: value})
    opened.clear()
    assert quietly(step_bundle, engine="litert", precision="float32").precision == "float32"
    assert len(opened) == 2
    assert [row["file"] for row in json.loads(path.read_bytes())] == [row["file"] for row in json.loads(whole)]


def test_rows_of_files_that_the_bundle_lacks_do_no_harm(step_bundle, cache):
    load(step_bundle, "litert", "float32")
    (path,) = cache.iterdir()
    (row,) = json.loads(path.read_text())
    path.write_text(json.dumps([row, {**row, "file": "/etc/passwd", "us_per_word": 0.001}]))
    assert load(step_bundle, "litert", "float32").variant.file == "model.float32.tflite"


def in_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("a file")
    return tmp_path / "file"


def below_a_file(tmp_path: Path) -> Path:
    return in_a_file(tmp_path) / "below"


def taken(tmp_path: Path) -> Path:
    (tmp_path / "edgeword").write_text("a file")
    return tmp_path


@pytest.mark.parametrize("place", [in_a_file, below_a_file, taken, lambda _: Path("/proc/nothing"), lambda _: Path()])
def test_a_cache_that_cannot_be_written_breaks_nothing(step_bundle, tmp_path, monkeypatch, opened, place):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place(tmp_path)))
    monkeypatch.setenv("HOME", "/proc/nothing")
    for _ in range(2):
        opened.clear()
        assert quietly(step_bundle).generate("the", 2).words
        assert len(opened) == len(files(step_bundle)) + 1


def test_a_full_disk_breaks_nothing_and_leaves_nothing(step_bundle, monkeypatch, cache):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert quietly(step_bundle).generate("the", 2).words
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("named", ["", "relative/folder"])
def test_the_cache_is_below_home_where_it_is_not_named(step_bundle, tmp_path, monkeypatch, named):
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    load(step_bundle, "litert", "float32")
    assert len(list((tmp_path / "home" / ".cache" / "edgeword").iterdir())) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_user_without_a_home_gets_no_folder_where_they_stand(step_bundle, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    assert quietly(step_bundle).generate("the", 2).words
    assert list(tmp_path.iterdir()) == []


def test_without_self_tests_the_first_verified_is_taken(step_bundle, monkeypatch, opened, cache):
    monkeypatch.setenv("EDGEWORD_SELF_TEST", "0")
    lm = quietly(step_bundle)
    assert (lm.variant.file, opened) == ("model.dynamic-int8.tflite", ["litert"])
    assert quietly(step_bundle, engine="onnx").variant.file == "model.dynamic-int8.onnx"
    assert not cache.exists()


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
    assert quietly(bundle, engine="onnx").precision == "dynamic-int8"


@pytest.mark.parametrize("self_test", ["0", "1"])
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


def test_an_engine_that_cannot_be_imported_is_asked_once(step_bundle, monkeypatch, opened):
    break_engine(monkeypatch, "litert")
    count = len([file for file in files(step_bundle) if file.endswith(".onnx")])
    load(step_bundle)
    assert opened == ["onnx"] * (count + 1)


def test_a_precision_that_would_take_the_process_down_is_never_opened(all_precisions_bundle, monkeypatch, opened):
    monkeypatch.setattr(edgeword.choice, "UNSAFE", {"ai-edge-litert": ("int4",)})
    for self_test in ("0", "1"):
        monkeypatch.setenv("EDGEWORD_SELF_TEST", self_test)
        with pytest.raises(EngineError, match=r"int4\.tflite: ai-edge-litert refuses the file: int4 would corrupt"):
            load(all_precisions_bundle, "litert", "int4")
    assert opened == []


def test_more_perplexity_than_is_allowed_is_no_candidate(bundle, timed):
    increases = {"model.dynamic-int8.tflite": 0.4, "model.dynamic-int8.onnx": 2.0, "model.int4.onnx": 3.0}

    def edit(data):
        for variant in data["variants"]:
            variant["fidelity"]["perplexity_increase"] = increases.get(variant["file"], 0.001)

    edit_manifest(bundle, edit)
    timed({"model.int4.onnx": 1.0, "model.dynamic-int8.onnx": 2.0, "model.dynamic-int8.tflite": 3.0})
    expected = {
        None: "model.int4.onnx",
        3: "model.int4.onnx",
        2.5: "model.dynamic-int8.onnx",
        0.4: "model.dynamic-int8.tflite",
    }
    for limit, file in expected.items():
        assert load(bundle, max_perplexity_increase=limit).variant.file == file
    assert load(bundle, max_perplexity_increase=0).variant.file not in increases
    with pytest.raises(UsageError, match=r"precision int4, perplexity at most 1 % higher; it holds "):
        load(bundle, "onnx", "int4", max_perplexity_increase=1)


def test_threads_are_measured_on_their_own(step_bundle, timed, cache):
    tried = timed({})
    load(step_bundle)
    load(step_bundle, threads=2)
    load(step_bundle, threads=2)
    assert len(tried) == 2 * len(files(step_bundle))
    assert len(list(cache.iterdir())) == 2


def test_another_manifest_is_another_bundle(bundle, timed, cache):
    tried = timed({})
    load(bundle)
    edit_manifest(bundle, lambda data: data.update(name="renamed"))
    load(bundle)
    assert len(tried) == 2 * len(files(bundle))


def test_a_copy_of_a_bundle_is_the_same_bundle(step_bundle, bundle, timed):
    tried = timed({})
    load(step_bundle)
    load(bundle)
    assert len(tried) == len(files(bundle))


def test_another_machine_measures_for_itself(step_bundle, timed, monkeypatch):
    """As with a home that several machines share."""
    tried = timed({})
    load(step_bundle)
    here = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result([here[0], "elsewhere", *here[2:]]))
    load(step_bundle)
    assert len(tried) == 2 * len(files(step_bundle))


def test_another_edgeword_measures_for_itself(step_bundle, timed, monkeypatch):
    tried = timed({})
    load(step_bundle)
    monkeypatch.setattr(edgeword.choice, "__version__", "99")
    load(step_bundle)
    assert len(tried) == 2 * len(files(step_bundle))


def test_first_loads_side_by_side_leave_a_whole_file(step_bundle, cache):
    line = [sys.executable, "-c", "import sys, edgeword; edgeword.load(sys.argv[1])", str(step_bundle)]
    processes = [subprocess.Popen(line, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    (path,) = cache.iterdir()
    assert sorted(row["file"] for row in json.loads(path.read_text())) == sorted(files(step_bundle))


def test_a_warning_made_an_error_is_still_remembered(bundle, opened):
    damage(bundle, "model.float32.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("error", EdgewordWarning)
        with pytest.raises(EdgewordWarning):
            load(bundle)
        opened.clear()
        load(bundle)
    assert len(opened) == 1


def test_a_bundle_of_one_variant_is_tried_too(bundle):
    keep_variants(bundle, "model.float32.onnx")
    damage(bundle, "model.float32.onnx")
    with pytest.raises(EngineError, match="self-test failed"):
        load(bundle)
