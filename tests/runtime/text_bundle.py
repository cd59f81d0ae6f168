"""A golden bundle that reads and says text as people write it: another tokenizer over the same ids."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path

import edgeword
from edgeword import LanguageModel
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword_train.data.fitting import fit_text
from tests import tiny
from tests.golden import FOLDER
from tests.runtime.changed import replace_file

LINES = (
    "The cell reads a word. It keeps a state, or so I read in Paris.",
    'He asked "why?" and the LSTM said "no", the well-known answer!',
    "What isn't new (it's old) is the cell, the state and the word: the LSTM reads it.",
)


def tokenizer() -> AnyTokenizer:
    """Of the ids of the golden models."""
    return fit_text(LINES, tiny.VOCABULARY)


def make(name: str, folder: Path, reading: AnyTokenizer) -> Path:
    """A golden bundle with another tokenizer, in a folder."""
    bundle = Path(shutil.copytree(FOLDER / name, folder / name))
    replace_file(bundle, "tokenizer.json", reading.to_json().encode("utf-8"))
    return bundle


@functools.cache
def model(name: str = "step", engine: str = "litert") -> LanguageModel:
    """Loaded, from a folder that is gone."""
    with tempfile.TemporaryDirectory() as folder:
        return edgeword.load(make(name, Path(folder), tokenizer()), engine, "float32")
