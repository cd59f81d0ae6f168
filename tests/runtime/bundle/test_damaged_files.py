"""Each damage to a bundle's folder is refused by name, and what is no part of the bundle does no harm."""

import os
import shutil
from pathlib import Path

import pytest

from edgeword import load
from edgeword.bundle.bundle import Bundle
from tests.runtime.bundle.refused import WEIGHTS, flip, refusal


def remove_weights(bundle: Path) -> None:
    (bundle / WEIGHTS).unlink()


def remove_card(bundle: Path) -> None:
    (bundle / "README.md").unlink()


def fold_weights(bundle: Path) -> None:
    (bundle / WEIGHTS).unlink()
    (bundle / WEIGHTS).mkdir()


def link(name: str):
    def damage(bundle: Path) -> None:
        (bundle / name).rename(bundle.parent / name)
        (bundle / name).symlink_to(bundle.parent / name)

    return damage


def leave_dangling_link(bundle: Path) -> None:
    (bundle / WEIGHTS).unlink()
    (bundle / WEIGHTS).symlink_to("nowhere")


def pipe_weights(bundle: Path) -> None:
    (bundle / WEIGHTS).unlink()
    os.mkfifo(bundle / WEIGHTS)


def truncate_weights(bundle: Path) -> None:
    (bundle / WEIGHTS).write_bytes((bundle / WEIGHTS).read_bytes()[:-1])


def empty_weights(bundle: Path) -> None:
    (bundle / WEIGHTS).write_bytes(b"")


def lengthen_weights(bundle: Path) -> None:
    (bundle / WEIGHTS).write_bytes((bundle / WEIGHTS).read_bytes() + b"\0")


def truncate_tokenizer(bundle: Path) -> None:
    (bundle / "tokenizer.json").write_bytes((bundle / "tokenizer.json").read_bytes()[:-1])


def remove_manifest(bundle: Path) -> None:
    (bundle / "manifest.json").unlink()


def encode_manifest(bundle: Path) -> None:
    text = (bundle / "manifest.json").read_text(encoding="utf-8")
    (bundle / "manifest.json").write_bytes(text.encode("utf-16"))


def remove_all(bundle: Path) -> None:
    shutil.rmtree(bundle)


def be_a_file(bundle: Path) -> None:
    shutil.rmtree(bundle)
    bundle.write_text("{}")


DAMAGED_FILES = {
    "missing weights": (remove_weights, f"misses {WEIGHTS}"),
    "missing card": (remove_card, "misses README.md"),
    "folder for a file": (fold_weights, WEIGHTS),
    "link for the weights": (link(WEIGHTS), f"{WEIGHTS} is not a regular file"),
    "link for the tokenizer": (link("tokenizer.json"), "tokenizer.json is not a regular file"),
    "link for the manifest": (link("manifest.json"), "manifest.json is not a regular file"),
    "dangling link": (leave_dangling_link, f"{WEIGHTS} is not a regular file"),
    "pipe for a file": (pipe_weights, f"{WEIGHTS} is not a regular file"),
    "truncated weights": (truncate_weights, f"{WEIGHTS} has not the"),
    "no weights": (empty_weights, f"{WEIGHTS} has not the"),
    "longer weights": (lengthen_weights, f"{WEIGHTS} has not the"),
    "truncated tokenizer": (truncate_tokenizer, "tokenizer.json has not the"),
    "changed weights": (lambda bundle: flip(bundle / WEIGHTS), WEIGHTS),
    "changed tokenizer": (lambda bundle: flip(bundle / "tokenizer.json"), "tokenizer.json"),
    "no manifest": (remove_manifest, "manifest.json"),
    "manifest in UTF-16": (encode_manifest, "does not end with its own digest"),
    "no folder": (remove_all, "there is no such folder"),
    "file for the folder": (be_a_file, "is no bundle"),
}


@pytest.mark.parametrize(("damage", "fragment"), DAMAGED_FILES.values(), ids=DAMAGED_FILES)
def test_damaged_files_are_refused_by_name(bundle, damage, fragment):
    damage(bundle)
    assert fragment in refusal(bundle)


def add_file(bundle: Path) -> None:
    (bundle / "notes.txt").write_text("mine")


def add_hidden_file(bundle: Path) -> None:
    (bundle / ".gitattributes").write_text("")


def add_folder(bundle: Path) -> None:
    (bundle / "more").mkdir()


def add_dangling_link(bundle: Path) -> None:
    (bundle / "nowhere").symlink_to("/nowhere")


def add_pipe(bundle: Path) -> None:
    os.mkfifo(bundle / "pipe")


def add_variant(bundle: Path) -> None:
    (bundle / "model.int4.onnx").write_bytes(b"not what it seems")


UNLISTED = {
    "file": (add_file, "notes.txt"),
    "hidden file": (add_hidden_file, ".gitattributes"),
    "folder": (add_folder, "more"),
    "dangling link": (add_dangling_link, "nowhere"),
    "pipe, which would never end": (add_pipe, "pipe"),
    "file named as a variant": (add_variant, "model.int4.onnx"),
}


@pytest.mark.parametrize(("add", "name"), UNLISTED.values(), ids=UNLISTED)
def test_what_the_manifest_does_not_list_is_named_and_never_opened(bundle, monkeypatch, add, name):
    add(bundle)
    opened, whole = [], open

    def recorded(path, *arguments, **options):
        opened.append(os.path.basename(os.fspath(path)))  # noqa: PTH119 (of whatever is opened)
        return whole(path, *arguments, **options)

    monkeypatch.setattr("builtins.open", recorded)
    assert load(bundle, "onnx").generate("the cell", 1).words
    assert Bundle(bundle).unlisted() == [name]
    assert name not in opened
    assert "manifest.json" in opened


def test_nothing_is_unlisted_in_a_bundle_as_exported(step_bundle):
    assert Bundle(step_bundle).unlisted() == []
