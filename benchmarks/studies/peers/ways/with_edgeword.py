"""edgeword as its users call it: `lm.generate`, text to text."""

from __future__ import annotations

import warnings
from pathlib import Path

import edgeword
from studies.peers.ways.loops import Loaded


def build(folder: Path, engine: str, precision: str) -> Loaded:
    """One variant of the bundle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a variant is not recommended for
        lm = edgeword.load(folder / "bundle", engine, precision)

    def loop(prompt: list[int], words: int) -> list[int]:
        return list(lm.generate(lm.tokenizer.decode(prompt), words).ids)

    return Loaded(loop, f"edgeword {edgeword.__version__}, {lm.engine_version}")
