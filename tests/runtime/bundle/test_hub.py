"""A bundle in the cache of Hugging Face's Hub, laid out as its library leaves it; no network."""

from __future__ import annotations

import importlib.util
import pickle
import shutil
import sys
from pathlib import Path

import pytest

import edgeword
from edgeword import BundleError
from edgeword.bundle import hub
from edgeword.bundle.bundle import Bundle

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and nobody to ask."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "hub"


@pytest.fixture
def repository(cache, step_bundle):
    """`somebody/words`: a snapshot of links to blobs, and a ref."""
    folder = cache / "models--somebody--words"
    snapshot = folder / "snapshots" / COMMIT
    for part in (folder / "blobs", folder / "refs", snapshot):
        part.mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    for number, file in enumerate(sorted(step_bundle.iterdir())):
        shutil.copy(file, folder / "blobs" / f"{number:040}")
        (snapshot / file.name).symlink_to(Path("../../blobs") / f"{number:040}")
    return folder


def test_a_name_loads_what_is_in_the_cache(repository, step_bundle):
    lm = edgeword.load("somebody/words", "onnx", "float32")
    expected = edgeword.load(step_bundle, "onnx", "float32").generate("the cell", 5).ids
    assert lm.generate("the cell", 5).ids == expected
    assert lm.bundle.path == "somebody/words"
    assert pickle.loads(pickle.dumps(lm)).generate("the cell", 5).ids == expected  # noqa: S301


@pytest.mark.parametrize("revision", ["main", COMMIT])
def test_a_revision_may_be_named(repository, step_bundle, revision):
    assert Bundle(f"somebody/words@{revision}").digest == Bundle(step_bundle).digest


@pytest.mark.skipif(importlib.util.find_spec("huggingface_hub") is None, reason="needs the extra hub")
def test_the_library_finds_the_same_snapshot(repository, monkeypatch):
    monkeypatch.delitem(sys.modules, "huggingface_hub")
    from huggingface_hub import snapshot_download

    found = snapshot_download("somebody/words", cache_dir=str(repository.parent), local_files_only=True)
    assert Path(found).samefile(hub._cached("somebody/words", "main"))


def test_a_link_out_of_the_repository_is_refused(repository, tmp_path):
    link = repository / "snapshots" / COMMIT / "tokenizer.json"
    outside = tmp_path / "tokenizer.json"
    shutil.copy(link.resolve(), outside)
    link.unlink()
    link.symlink_to(outside)
    with pytest.raises(BundleError, match=r"tokenizer\.json is not a regular file"):
        Bundle("somebody/words")


def test_what_is_nowhere_says_where_was_looked_and_how_to_get_it(cache):
    with pytest.raises(BundleError, match=rf"no such folder, and no such repository in {cache}; .*\[hub\]"):
        edgeword.load("somebody/words")


def test_a_fetch_that_was_cut_off_is_asked_for_again(repository, monkeypatch):
    class Library:
        @staticmethod
        def snapshot_download(name, revision):
            raise OSError(f"asked for {name} {revision}")

    (repository / "snapshots" / COMMIT / "manifest.json").unlink()
    monkeypatch.setitem(sys.modules, "huggingface_hub", Library)
    with pytest.raises(BundleError, match=r"the Hub does not give it \(asked for somebody/words main\)"):
        Bundle("somebody/words")


@pytest.mark.parametrize("path", ["/nowhere/words", "./words", "../words", "~/words", "words", "a/b/c", "here/words"])
def test_what_is_a_path_is_asked_of_nobody(cache, monkeypatch, path):
    Path("here").mkdir()
    monkeypatch.setattr(hub, "snapshot", lambda _name: pytest.fail("the Hub was asked"))
    with pytest.raises(BundleError, match="there is no such folder"):
        Bundle(path)
