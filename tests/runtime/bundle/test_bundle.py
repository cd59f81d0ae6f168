"""A bundle opens whole or not at all, and each damage is refused by name."""

import dataclasses
import os
from pathlib import Path

import pytest

import edgeword.language_model
from edgeword import BundleError, Tokenizer, TokenizerError, load
from edgeword.bundle.bundle import Bundle, Folder, listed_files
from edgeword.bundle.seal import digest
from edgeword.engines.engine import Engine
from edgeword.errors import EngineError
from tests.runtime.bundle.refused import WEIGHTS, flip, refusal
from tests.runtime.changed import edit_manifest, replace_file


def test_a_whole_bundle_opens(step_bundle):
    opened = Bundle(step_bundle)
    assert opened.path == str(step_bundle)
    for entry in listed_files(opened.manifest):
        content = opened.read(entry)
        assert (len(content), digest(content)) == (entry.size, entry.sha256)
    assert opened.tokenizer == Tokenizer.from_json((step_bundle / "tokenizer.json").read_text("utf-8"))


def test_every_file_of_the_folder_is_listed(step_bundle):
    names = {entry.file for entry in listed_files(Bundle(step_bundle).manifest)}
    assert names | {"manifest.json"} == {path.name for path in step_bundle.iterdir()}


def test_the_path_may_be_text_with_a_slash_at_its_end(step_bundle):
    assert Bundle(f"{step_bundle}/").manifest == Bundle(step_bundle).manifest


def rename(name: str):
    return lambda data: data["variants"][0].update(file=name)


def list_twice(data):
    data["files"].append(data["files"][0])


def list_under_two_kinds(data):
    data["files"].append(data["tokenizer"])


def set_values(*path: str, **values: object):
    def edit(data):
        for key in path:
            data = data[key]
        data.update(values)

    return edit


LYING_MANIFESTS = {
    "absolute path": (rename("/etc/passwd"), "'/etc/passwd'"),
    "path upwards": (rename("../bundle/model.float32.tflite"), "'../bundle/model.float32.tflite'"),
    "dots": (rename(".."), "'..'"),
    "dot": (rename("."), "'.'"),
    "no name": (rename(""), "''"),
    "folder": (rename("more/model.float32.tflite"), "'more/model.float32.tflite'"),
    "backslash": (rename("..\\model.float32.tflite"), "model.float32.tflite'"),
    "drive": (rename("C:model.float32.tflite"), "'C:model.float32.tflite'"),
    "NUL": (rename("model.float32.tflite\0.txt"), "x00"),
    "path of the card": (lambda data: data["files"][0].update(file="/README.md"), "'/README.md'"),
    "path of the tokenizer": (set_values("tokenizer", file="../tokenizer.json"), "'../tokenizer.json'"),
    "manifest lists itself": (set_values("tokenizer", file="manifest.json"), "'manifest.json'"),
    "manifest lists its signature": (set_values("tokenizer", file="manifest.json.sig"), "'manifest.json.sig'"),
    "file listed twice": (list_twice, "lists README.md twice"),
    "file of two kinds": (list_under_two_kinds, "lists tokenizer.json twice"),
    "misnamed variant": (rename("weights.bin"), "weights.bin is not named after"),
    "misnamed precision": (lambda data: data["variants"][0].update(precision="dynamic-int8"), WEIGHTS),
    "unknown precision": (lambda data: data["variants"][0].update(precision="int3"), "tflite int3"),
    "unknown format": (lambda data: data["variants"][0].update(format="gguf"), "gguf float32"),
    "window of no length": (set_values("spec", "window", length=0), "length is 0"),
    "self-test prompt below the ids": (set_values("self_test", prompt=[-7]), "self_test.prompt holds -7"),
}


@pytest.mark.parametrize(("edit", "fragment"), LYING_MANIFESTS.values(), ids=LYING_MANIFESTS)
def test_a_lying_manifest_is_refused_by_name(bundle, edit, fragment):
    edit_manifest(bundle, edit)
    assert fragment in refusal(bundle)


def test_a_tokenizer_larger_than_the_vocabulary_is_refused(bundle):
    tokenizer = Bundle(bundle).tokenizer
    larger = dataclasses.replace(tokenizer, vocabulary=(*tokenizer.vocabulary, "more"))
    replace_file(bundle, "tokenizer.json", larger.to_json().encode())
    assert "the tokenizer has 43 ids and the model 42" in refusal(bundle)


TOKENIZERS = {
    "not JSON": b"the a word",
    "not UTF-8": b'{"format": "\xff"}',
    "not a tokenizer": b'{"model_type": "lstm"}',
    "newer": b'{"format": "edgeword-tokenizer", "version": 99}',
    "deep nesting": b"[" * 100_000,
    "pickled": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins",
}


@pytest.mark.parametrize("content", TOKENIZERS.values(), ids=TOKENIZERS)
def test_a_tokenizer_that_cannot_be_read_is_refused(bundle, content):
    replace_file(bundle, "tokenizer.json", content)
    message = refusal(bundle)
    assert "tokenizer.json" in message
    assert len(message) < 400


def test_a_damaged_variant_does_no_harm_to_the_others(bundle):
    flip(bundle / WEIGHTS)
    assert load(bundle, "litert", "dynamic-int8").generate("the cell", 1).words
    assert load(bundle, "onnx", "float32").generate("the cell", 1).words


@pytest.mark.parametrize(
    ("precision", "file"), [("auto", "model.float32.onnx"), ("fastest", "model.dynamic-int8.tflite")]
)
def test_auto_never_passes_over_damage(bundle, precision, file):
    flip(bundle / file)
    with pytest.raises(BundleError, match=f"{file} is not the file"):
        load(bundle, precision=precision)


def test_the_bytes_hashed_are_the_bytes_loaded(bundle, monkeypatch):
    reads, loaded = [], []
    read = Folder.content

    def recorded_read(self, name, most):
        reads.append(name)
        return read(self, name, most)

    def recorded_load(_engine, content, _threads):
        loaded.append(digest(content))
        raise EngineError("seen enough")

    monkeypatch.setattr(Folder, "content", recorded_read)
    monkeypatch.setattr(Engine, "open", recorded_load)
    with pytest.raises(EngineError, match="seen enough"):
        load(bundle, "litert", "float32")
    assert loaded == [next(v.sha256 for v in Bundle(bundle).manifest.variants if v.file == WEIGHTS)]
    assert reads.count(WEIGHTS) == 1


class Swapped(Bundle):
    """A bundle whose weights are replaced after it was opened."""

    def __init__(self, path, trusted_key=None):
        super().__init__(path, trusted_key)
        flip(Path(path) / WEIGHTS)


class Removed(Bundle):
    """A bundle whose weights are removed after it was opened."""

    def __init__(self, path, trusted_key=None):
        super().__init__(path, trusted_key)
        (Path(path) / WEIGHTS).unlink()


@pytest.mark.parametrize("late", [Swapped, Removed])
def test_a_file_changed_after_opening_is_refused(bundle, monkeypatch, late):
    monkeypatch.setattr(edgeword.language_model, "Bundle", late)
    assert WEIGHTS in refusal(bundle)


def test_a_folder_that_may_not_be_listed_is_refused(step_bundle, monkeypatch):
    opened = Bundle(step_bundle)

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(BundleError, match=r"cannot list .*step: Permission denied"):
        opened.unlisted()


def test_a_file_that_may_not_be_read_is_refused(bundle, monkeypatch):
    def refuse(path, _mode, **_options):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("builtins.open", refuse)
    assert "manifest.json: Permission denied" in refusal(bundle)


def test_errors_are_of_the_package_and_of_the_built_in_that_fits(bundle):
    (bundle / "manifest.json").unlink()
    with pytest.raises(ValueError, match="is no bundle"):
        Bundle(bundle)
    assert issubclass(BundleError, ValueError)
    assert issubclass(TokenizerError, ValueError)
