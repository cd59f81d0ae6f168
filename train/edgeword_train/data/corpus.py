"""The text of a run as ids: its tokenizer, and what is trained on and what is held out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeword.errors import UsageError
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword_train.data.corpora.built_in import CORPUS_NAMES
from edgeword_train.data.fitting import fit_tokenizer
from edgeword_train.data.text_files import read_texts
from edgeword_train.options import TrainingOptions

HELD_OUT_LINES = 0.05
HELD_OUT_TOKENS = 0.1  # of a corpus that has one line only

Sequences = list[list[int]]


@dataclass(frozen=True)
class Source:
    """One file or built-in corpus, as a run remembers it."""

    name: str
    sha256: str
    """Of its stripped, non-empty lines."""
    tokens: int


@dataclass(frozen=True)
class Corpus:
    """Text as ids; the vocabulary is that of all lines, examples come from `trained` alone."""

    tokenizer: AnyTokenizer
    trained: Sequences
    held_out: Sequences
    sources: tuple[Source, ...]


def load_corpus(sources: Sequence[str | os.PathLike[str]], options: TrainingOptions) -> Corpus:
    """Read and split the sources; UsageError or InputFileError for text that no model can learn from."""
    texts = _read_each(sources)
    lines = [line for text in texts for line in text]
    tokenizer = fit_tokenizer(lines, options.tokens, options.vocab_size)
    _check_vocabulary(tokenizer)
    usable = [ids for line in lines if has_target(ids := sequence(line, tokenizer), tokenizer.oov_id)]
    trained, held_out = split(usable, options.seed, tokenizer.oov_id)
    remembered = tuple(_source(path, text, tokenizer) for path, text in zip(sources, texts, strict=True))
    return Corpus(tokenizer, trained, held_out, remembered)


def sequence(line: str, tokenizer: AnyTokenizer) -> list[int]:
    """Ids of a line, with its end where the tokenizer has a token for it."""
    return tokenizer.encode(line) + ([] if tokenizer.end_id is None else [tokenizer.end_id])


def has_target(ids: Sequence[int], oov_id: int | None) -> bool:
    """Whether a token that is in the vocabulary follows another one."""
    return any(token_id != oov_id for token_id in ids[1:])


def split(usable: Sequences, seed: int, oov_id: int | None) -> tuple[Sequences, Sequences]:
    """Sequences to train on and to hold out: 5 % of the lines, or the last 10 % of a single line.

    The seed says which lines. Raises UsageError where either part would be left without a target.
    """
    if len(usable) == 1:
        trained, held_out = split_line(usable[0])
        usable = [ids for ids in (trained, held_out) if has_target(ids, oov_id)]
        if len(usable) == 2:
            return [trained], [held_out]
    if len(usable) < 2:
        raise UsageError(
            "The text is too short to hold a part of it out for measuring; "
            "give at least two lines of two known words each"
        )
    count = max(1, round(HELD_OUT_LINES * len(usable)))
    chosen = set(np.random.default_rng(seed).permutation(len(usable))[:count].tolist())
    trained_lines = [ids for row, ids in enumerate(usable) if row not in chosen]
    return trained_lines, [usable[row] for row in sorted(chosen)]


def split_line(ids: list[int]) -> tuple[list[int], list[int]]:
    """One line without its last tenth, and that tenth, which has two tokens at least."""
    count = max(2, round(HELD_OUT_TOKENS * len(ids)))
    return ids[:-count], ids[-count:]


def _check_vocabulary(tokenizer: AnyTokenizer) -> None:
    ids = set(range(1, tokenizer.vocab_size)) - {tokenizer.oov_id, tokenizer.end_id}
    words = [tokenizer.word(each) for each in ids if tokenizer.has_token(each)]
    noun = "character" if tokenizer.level == "char" else "word"
    if not words:
        raise UsageError(f"The text holds no {noun}s; give a text file or a built-in corpus: {CORPUS_NAMES}")
    if len(words) < 2:
        raise UsageError(
            f"The text has one distinct {noun} only, {words[0]!r}; "
            f"give one with two or more, or a built-in corpus: {CORPUS_NAMES}"
        )


def _read_each(sources: Sequence[str | os.PathLike[str]]) -> list[list[str]]:
    """The lines of each source, read once: a source may be a pipe."""
    if isinstance(sources, (str, os.PathLike)):
        raise UsageError(f"texts must be a list of files and built-in corpora; put it in brackets: [{sources!r}]")
    return [read_texts([source]) for source in sources] or [read_texts(sources)]


def _source(path: str | os.PathLike[str], lines: list[str], tokenizer: AnyTokenizer) -> Source:
    digest = hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()
    return Source(Path(path).name, digest, sum(len(tokenizer.tokens(line)) for line in lines))
