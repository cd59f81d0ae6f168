"""Which files a corpus is: files, folders of them, built-in corpora, standard input."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from edgeword.errors import InputFileError, UsageError
from edgeword_train.data.corpora.built_in import CORPORA, CORPUS_NAMES

STANDARD_INPUT = "-"
# What is taken of a folder; a file that is named is read whatever its suffix is.
SUFFIXES = (".txt", ".jsonl", ".txt.gz", ".jsonl.gz")


def files_of(sources: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The files of all sources, those of a folder in the order of their paths; UsageError or InputFileError if none."""
    found = [file for source in sources for file in _files(os.fspath(source))]
    if not found:
        raise UsageError(f"No text to train on; give a UTF-8 text file or a built-in corpus: {CORPUS_NAMES}.")
    return found


def is_built_in(source: str) -> bool:
    """Whether a source is a built-in corpus; a file goes before the corpus of the same name."""
    return source in CORPORA and not Path(source).is_file()


def size_of(file: str) -> int | None:
    """Bytes of a file; None for what has no size: standard input, a pipe, a built-in corpus."""
    path = Path(file)
    return path.stat().st_size if file != STANDARD_INPUT and path.is_file() else None


def _files(source: str) -> list[str]:
    if source == STANDARD_INPUT or is_built_in(source) or not Path(source).is_dir():
        return [source]
    paths = (path for path in Path(source).rglob("*") if path.is_file() and path.name.lower().endswith(SUFFIXES))
    found = sorted(map(str, paths))
    if not found:
        raise InputFileError(f"{source!r} is a folder without text; it may hold files named {', '.join(SUFFIXES)}.")
    return found
