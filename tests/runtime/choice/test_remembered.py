"""What is remembered of the trials, for whom, and that nothing of it can do harm."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import edgeword.choice.remembered
from edgeword import EdgewordWarning, EngineError, load
from edgeword.engines.engine import Engine, Package
from tests.runtime.changed import edit_manifest
from tests.runtime.choice.loaded import files, quietly
from tests.runtime.damaged import damage

# What a default load tries, and then opens one of.
TRIED = ["model.float32.tflite", "model.float32.onnx"]


def rows_of(cache: Path) -> list[dict]:
    return [row for path in cache.iterdir() for row in json.loads(path.read_text())]


def rewrite(cache: Path, **values) -> None:
    """Change every remembered row."""
    for path in cache.iterdir():
        path.write_text(json.dumps([{**row, **values} for row in json.loads(path.read_text())]))


def be_version(monkeypatch, number: str) -> None:
    """As another environment on this machine, with another version of each engine."""
    monkeypatch.setattr(Package, "version", lambda package: f"{package.distribution} {number}")


@pytest.mark.parametrize("precision", ["auto", "fastest"])
def test_the_second_load_opens_one_file(step_bundle, opened, precision):
    first = load(step_bundle, precision=precision)
    assert len(opened) == {"auto": len(TRIED), "fastest": len(files(step_bundle))}[precision] + 1
    opened.clear()
    second = load(step_bundle, precision=precision)
    assert opened == [first.engine]
    assert second.variant == first.variant


def test_what_is_remembered_is_a_row_for_each_trial(step_bundle, cache):
    lm = load(step_bundle, precision="fastest")
    rows = rows_of(cache)
    assert sorted(row["file"] for row in rows) == sorted(files(step_bundle))
    assert all(list(row) == ["version", "file", "refusal", "us_per_word"] for row in rows)
    assert min(rows, key=lambda row: row["us_per_word"])["file"] == lm.variant.file
    for path in cache.iterdir():
        assert len({row["version"] for row in json.loads(path.read_text())}) == 1
    assert lm.engine_version in {row["version"] for row in rows}


def test_environments_do_not_overwrite_each_other(step_bundle, cache, opened, monkeypatch):
    for number in ("1.0", "2.0"):
        be_version(monkeypatch, number)
        opened.clear()
        assert load(step_bundle).engine_version.endswith(number)
        assert len(opened) == len(TRIED) + 1
    for number in ("1.0", "2.0"):
        be_version(monkeypatch, number)
        opened.clear()
        assert load(step_bundle).engine_version.endswith(number)
        assert len(opened) == 1
    assert len(rows_of(cache)) == 2 * len(TRIED)


def test_what_another_version_refused_is_tried_here(step_bundle, monkeypatch):
    be_version(monkeypatch, "1.0")
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "open", lambda *_: (_ for _ in ()).throw(EngineError("too old for the file")))
        with pytest.raises(EngineError, match="too old for the file"):
            load(step_bundle)
    with pytest.raises(EngineError, match="too old for the file"):
        load(step_bundle)
    be_version(monkeypatch, "2.0")
    assert quietly(step_bundle).precision == "float32"


def test_a_row_of_another_version_is_not_taken_for_this_ones(step_bundle, cache, opened):
    load(step_bundle, "litert")
    rewrite(cache, version="ai-edge-litert 2.0.0")
    opened.clear()
    assert load(step_bundle, "litert").engine_version != "ai-edge-litert 2.0.0"
    assert len(opened) == 2


def test_a_refusal_stays_remembered_beside_what_passes(bundle, opened):
    damage(bundle, "model.float32.tflite")
    with pytest.warns(EdgewordWarning):
        load(bundle)
    opened.clear()
    quietly(bundle)
    assert len(opened) == 1


CORRUPT = {
    "empty": b"",
    "cut": b'[{"version": "ai-edge',
    "no text": b"\xff\xfe\x00",
    "no list": b"5",
    "null": b"null",
    "an object": b'{"version": "ai-edge-litert"}',
    "a list of lists": b"[[]]",
    "too deep": b"[" * 100_000,
    "another format": b'[{"engine": "litert", "file": "model.float32.tflite", "ms": 1}]',
    "no time": ("us_per_word", None),
    "a time in words": ("us_per_word", "fast"),
    "a time that is no number": ("us_per_word", float("nan")),
    "endless": ("us_per_word", float("inf")),
    "no time at all": ("us_per_word", 0.0),
    "below 0": ("us_per_word", -1.0),
    "refused and timed": ("refusal", "it is late"),
    "refusal none": ("refusal", None),
    "version as a number": ("version", 2),
    "a key too many": ("engine", "litert"),
}


@pytest.mark.parametrize("content", CORRUPT.values(), ids=CORRUPT)
def test_what_cannot_be_read_is_tried_anew(step_bundle, cache, opened, content):
    load(step_bundle, "litert", "float32")
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        rewrite(cache, **dict([content]))
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
        assert len(opened) == len(TRIED) + 1


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


def test_threads_are_measured_on_their_own(step_bundle, timed, cache):
    tried = timed({})
    load(step_bundle)
    load(step_bundle, threads=2)
    load(step_bundle, threads=2)
    assert tried == TRIED * 2
    assert len(rows_of(cache)) == 2 * len(TRIED)


def test_another_manifest_is_another_bundle(bundle, timed):
    tried = timed({})
    load(bundle)
    edit_manifest(bundle, lambda data: data.update(name="renamed"))
    load(bundle)
    assert tried == TRIED * 2


def test_a_copy_of_a_bundle_is_the_same_bundle(step_bundle, bundle, timed):
    tried = timed({})
    load(step_bundle)
    load(bundle)
    assert tried == TRIED


def test_another_machine_measures_for_itself(step_bundle, timed, monkeypatch):
    """As with a home that several machines share."""
    tried = timed({})
    load(step_bundle)
    here = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result([here[0], "elsewhere", *here[2:]]))
    load(step_bundle)
    assert tried == TRIED * 2


def test_another_edgeword_measures_for_itself(step_bundle, timed, monkeypatch):
    tried = timed({})
    load(step_bundle)
    monkeypatch.setattr(edgeword.choice.remembered, "__version__", "99")
    load(step_bundle)
    assert tried == TRIED * 2


def test_first_loads_side_by_side_leave_whole_files(step_bundle, cache):
    line = [sys.executable, "-c", "import sys, edgeword; edgeword.load(sys.argv[1])", str(step_bundle)]
    processes = [subprocess.Popen(line, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert sorted(row["file"] for row in rows_of(cache)) == sorted(TRIED)
    assert {path.suffix for path in cache.iterdir()} == {".json"}


def test_what_is_remembered_is_the_users_alone(step_bundle, cache):
    load(step_bundle, "litert", "float32")
    (path,) = cache.iterdir()
    assert (stat.S_IMODE(cache.stat().st_mode), stat.S_IMODE(path.stat().st_mode)) == (0o700, 0o600)


def test_a_link_under_a_temporary_name_is_not_followed(step_bundle, cache, tmp_path, monkeypatch):
    load(step_bundle, "litert", "float32")
    (path,) = cache.iterdir()
    path.unlink()
    (tmp_path / "victim").write_text("mine")
    path.with_name(f"{path.name}.{bytes(8).hex()}").symlink_to(tmp_path / "victim")
    monkeypatch.setattr(os, "urandom", bytes)
    load(step_bundle, "litert", "float32")
    assert (tmp_path / "victim").read_text() == "mine"
    assert not path.exists()
