"""Bundles whose files are not what they should be, by name: what is done to a bundle, and what its reader says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeword.bundle import limits
from edgeword.bundle.seal import sealed
from tests.runtime.changed import edit_manifest, replace_file

Attack = Callable[[Path], object]
GIBIBYTE = 1 << 30
KERAS_TOKENIZER = {
    "class_name": "Tokenizer",
    "config": {"num_words": None, "filters": "", "lower": True, "split": " ", "word_index": '{"the": 1}'},
}
NOT_REGULAR = "is not a regular file"


def replaced(name: str, make: Callable[[Path], object]) -> Attack:
    """Something else where a file was."""

    def attack(bundle: Path) -> None:
        (bundle / name).unlink()
        make(bundle / name)

    return attack


def sparse(path: Path) -> None:
    """Six gigabytes of nothing, which take no room on the disk."""
    path.touch()
    os.truncate(path, 6 * GIBIBYTE)


def to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def claiming(size: int, *path: str | int) -> Attack:
    """A listed file that says how large it is, and is."""

    def edit(data: Any) -> None:
        for key in path:
            data = data[key]
        data["size"] = size

    return lambda bundle: edit_manifest(bundle, edit)


def setting(value: object, *path: str | int) -> Attack:
    """Another value in the manifest, whose digest is right."""

    def edit(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return lambda bundle: edit_manifest(bundle, edit)


def rewritten(change: Callable[[bytes], bytes]) -> Attack:
    """Other bytes in the manifest."""
    return lambda bundle: (bundle / "manifest.json").write_bytes(change((bundle / "manifest.json").read_bytes()))


FILES: dict[str, tuple[Attack, str]] = {
    f"{kind} for {name}": (replaced(name, make), NOT_REGULAR)
    for name in ("manifest.json", "tokenizer.json", "README.md", "model.float32.tflite")
    for kind, make in {"pipe": os.mkfifo, "folder": Path.mkdir, "device": to_device}.items()
}
SIZES: dict[str, tuple[Attack, str]] = {
    "manifest of 6 GB": (replaced("manifest.json", sparse), f"may have 0 to {limits.MANIFEST_BYTES}"),
    "tokenizer of 6 GB": (replaced("tokenizer.json", sparse), "has not the"),
    "tokenizer of 6 GB, listed": (claiming(6 * GIBIBYTE, "tokenizer"), f"may have 0 to {limits.TOKENIZER_BYTES}"),
    "card of 6 GB, listed": (claiming(6 * GIBIBYTE, "files", 0), f"may have 0 to {limits.OTHER_BYTES}"),
    "model of 6 GB, listed": (claiming(6 * GIBIBYTE, "variants", 0), f"may have 0 to {limits.MODEL_BYTES}"),
    "size below 0": (claiming(-1, "tokenizer"), "tokenizer.json has -1 bytes"),
}
SEALS: dict[str, tuple[Attack, str]] = {
    "no digest": (
        rewritten(lambda content: json.dumps(json.loads(content)).encode()),
        "does not end with its own digest",
    ),
    "digest of upper case": (rewritten(lambda content: content[:-68] + content[-68:].upper()), "its digest differs"),
    "a space more": (rewritten(lambda content: content + b" "), "does not end with its own digest"),
    "a byte more in front": (rewritten(lambda content: b"\n" + content), "its digest differs"),
    "digest twice": (
        rewritten(lambda content: sealed(content.decode())),
        "manifest has the unknown key 'sha256'",
    ),
    "sealed, not JSON": (rewritten(lambda _content: sealed("[" * 100_000)), "not JSON"),
    "sealed, not an object": (rewritten(lambda _content: sealed("[]")), "not JSON"),
    "empty": (rewritten(lambda _content: b""), "does not end with its own digest"),
}
VALUES: dict[str, tuple[Attack, str]] = {
    "vocabulary of 2^31": (setting(2**31, "spec", "vocabulary"), "vocabulary is 2147483648"),
    "state of 2^40": (setting([1, 2**40], "spec", "states", 0, "shape"), "shape is no shape"),
    "state of 9 axes": (setting([1] * 9, "spec", "states", 0, "shape"), "shape is no shape"),
    "state of no row": (setting([0, 32], "spec", "states", 0, "shape"), "shape is no shape"),
    "start of another length": (setting([0.0, 0.0], "spec", "states", 0, "start"), "start has 2 values"),
    "start beyond float32": (setting([1e39], "spec", "states", 0, "start"), "start holds 1e+39"),
    "empty prompt, sure twice": (
        setting({"ids": [3], "logprobs": [0.5]}, "spec", "empty_prompt"),
        "logprobs holds 0.5",
    ),
    "agreement above 1": (setting(1.5, "proof", "agreement"), "agreement holds 1.5"),
    "top1 below 0": (setting(-0.5, "variants", 0, "fidelity", "top1_agreement"), "top1_agreement holds -0.5"),
    "perplexity below 0": (setting(-1.0, "variants", 0, "fidelity", "perplexity"), "perplexity holds -1.0"),
    "positions below 0": (setting(-1, "variants", 0, "fidelity", "positions"), "positions holds -1"),
    "weights below 0": (setting(-1, "variants", 0, "weights_read_bytes"), "weights_read_bytes holds -1"),
    "self-test above 0": (setting([1.0], "variants", 0, "self_test"), "self_test holds 1.0"),
    "name that no system writes": (setting("card\ud83d.md", "files", 0, "file"), "which is no plain file name"),
    "Keras' tokenizer": (
        lambda bundle: replace_file(bundle, "tokenizer.json", json.dumps(KERAS_TOKENIZER).encode()),
        "'format' must be 'edgeword-tokenizer'",
    ),
    "list of words": (lambda bundle: replace_file(bundle, "tokenizer.json", b'["the"]'), "'format' must be"),
}
ATTACKS = {**FILES, **SIZES, **SEALS, **VALUES}
