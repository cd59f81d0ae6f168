"""Every bit of a manifest and of a tokenizer counts: flipped or cut off, no engine sees the bundle.

A sample is tried; EDGEWORD_FLIPS=all tries all of every golden bundle.
"""

import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from edgeword import BundleError, load
from edgeword.engines.engine import Engine
from tests.golden import FOLDER

SAMPLE = 60
BUNDLES = ("step", "replay", "window", "all_precisions")


def changes(content: bytes) -> Iterator[bytes]:
    """The content with one bit flipped, for each; then cut off, at each byte."""
    for place in range(len(content)):
        for bit in range(8):
            yield content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
    for length in range(len(content)):
        yield content[:length]


def chosen(content: bytes) -> Iterator[bytes]:
    """All of them, or one in so many: an odd number, so that each bit has its turn."""
    step = 1 if os.environ.get("EDGEWORD_FLIPS") == "all" else 9 * len(content) // SAMPLE | 1
    return islice(changes(content), 0, None, step)


def refuse(*_given: object) -> None:
    raise AssertionError("an engine was given a file of a changed bundle")


@pytest.mark.parametrize("file", ["manifest.json", "tokenizer.json"])
@pytest.mark.parametrize("name", BUNDLES)
def test_each_flip_and_truncation_is_refused(tmp_path, monkeypatch, name, file):
    monkeypatch.setattr(Engine, "open", refuse)
    bundle = Path(shutil.copytree(FOLDER / name, tmp_path / name))
    tried = 0
    for content in chosen((bundle / file).read_bytes()):
        tried += 1
        (bundle / file).write_bytes(content)
        with pytest.raises(BundleError, match=file):
            load(bundle)
    assert tried >= SAMPLE - 2
    print(f"{name}/{file}: {tried} flips and truncations, all refused")
