"""The text of a run as ids: its tokenizer, and what is trained on and what is held out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from edgeword.errors import EdgewordWarning, UsageError
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.markers import UNKNOWN_AS, UNKNOWN_MARK, Markers
from edgeword_train.data.corpora.built_in import CORPUS_NAMES
from edgeword_train.data.fitting import KINDS
from edgeword_train.data.reading import CorpusLines, OnReading, Reading
from edgeword_train.data.token_lines import TokenLines, token_lines
from edgeword_train.options import TrainingOptions

HELD_OUT_LINES = 0.05
HELD_OUT_TOKENS = 0.1  # of a corpus that has one line only


@dataclass(frozen=True)
class Source:
    """One file or built-in corpus, as a run remembers it."""

    name: str
    sha256: str
    """Of its stripped, non-empty lines."""
    tokens: int


@dataclass(frozen=True)
class Corpus:
    """Text as ids; the vocabulary is that of all lines but those of a text of its own to measure on."""

    tokenizer: AnyTokenizer
    trained: TokenLines
    held_out: TokenLines
    sources: tuple[Source, ...]


def unwatched(_reading: Reading) -> None:
    """Nobody is told."""


def load_corpus(
    sources: Sequence[str | os.PathLike[str]], options: TrainingOptions, report: OnReading = unwatched
) -> Corpus:
    """Read the sources once and split them; UsageError or InputFileError for text that no model can learn from.

    Markers that others left in it, and a vocabulary that is larger than the text has, are named in an EdgewordWarning.
    """
    if isinstance(sources, (str, os.PathLike)):
        raise UsageError(f"texts must be a list of files and built-in corpora; put it in brackets: [{sources!r}]")
    kind, markers = KINDS[options.tokens], Markers(keep=options.markers == "keep")
    with CorpusLines() as lines, CorpusLines() as measured:
        read = lines.read(sources, options.field, markers, report)
        tokenizer = kind.fit((line.replace(UNKNOWN_MARK, kind.unknown) for line in read), options.vocab_size)
        _check_vocabulary(tokenizer)
        if options.eval is not None:
            for _ in measured.read([options.eval], options.field, markers, report):
                pass
        _warn(markers, tokenizer, options.vocab_size)
        return _split_corpus(lines, measured, tokenizer, options.seed)


def _split_corpus(lines: CorpusLines, measured: CorpusLines, tokenizer: AnyTokenizer, seed: int) -> Corpus:
    usable, sources = _ids(lines, tokenizer)
    if not measured.parts:
        return Corpus(tokenizer, *split(usable, seed, tokenizer.oov_id), tuple(sources))
    held_out, more = _ids(measured, tokenizer)
    if not len(usable) or not len(held_out):
        raise UsageError("The text, or that of --eval, has no line of two known words; give more text")
    return Corpus(tokenizer, usable, held_out, (*sources, *more))


def _ids(lines: CorpusLines, tokenizer: AnyTokenizer) -> tuple[TokenLines, list[Source]]:
    """The lines of which something can be learnt, and each part with the number of its tokens."""
    sources: list[Source] = []
    unknown = UNKNOWN_AS[tokenizer.level]
    extra = len(tokenizer.start) + (tokenizer.end_id is not None)

    def usable() -> Iterator[list[int]]:
        rest = iter(lines)
        for part in lines.parts:
            tokens = 0
            for line in islice(rest, part.lines):
                ids = sequence(line.replace(UNKNOWN_MARK, unknown), tokenizer)
                tokens += len(ids) - extra
                if has_target(ids, tokenizer.oov_id):
                    yield ids
            sources.append(Source(part.name, part.sha256, tokens))

    return token_lines(usable(), tokenizer.vocab_size), sources


def sequence(line: str, tokenizer: AnyTokenizer) -> list[int]:
    """Ids of a line, with its end where the tokenizer has a token for it."""
    return tokenizer.encode(line) + ([] if tokenizer.end_id is None else [tokenizer.end_id])


def has_target(ids: Sequence[int], oov_id: int | None) -> bool:
    """Whether a token that is in the vocabulary follows another one."""
    return any(token_id != oov_id for token_id in ids[1:])


def split(usable: TokenLines, seed: int, oov_id: int | None) -> tuple[TokenLines, TokenLines]:
    """Lines to train on and to hold out: 5 % of the lines, or the last 10 % of a single line.

    The seed says which lines. Raises UsageError where either part would be left without a target.
    """
    if len(usable) == 1:
        parts = split_line(usable)
        if all(has_target(part[0], oov_id) for part in parts):
            return parts
    if len(usable) < 2:
        raise UsageError(
            "The text is too short to hold a part of it out for measuring; "
            "give at least two lines of two known words each"
        )
    count = max(1, round(HELD_OUT_LINES * len(usable)))
    held_out = np.zeros(len(usable), bool)
    held_out[np.random.default_rng(seed).permutation(len(usable))[:count]] = True
    return usable.where(~held_out), usable.where(held_out)


def split_line(line: TokenLines) -> tuple[TokenLines, TokenLines]:
    """One line without its last tenth, and that tenth, which has two tokens at least."""
    count = max(2, round(HELD_OUT_TOKENS * line.tokens))
    place = np.maximum(line.ends - count, line.starts)
    return TokenLines(line.ids, line.starts, place), TokenLines(line.ids, place, line.ends)


def _warn(markers: Markers, tokenizer: AnyTokenizer, wanted: int | None) -> None:
    if markers.warning:
        warnings.warn(markers.warning, EdgewordWarning, stacklevel=3)
    if wanted is not None and tokenizer.vocab_size < wanted:
        found = f"the text has tokens for {tokenizer.vocab_size:,} ids"
        warnings.warn(f"{found}: a vocabulary of {wanted:,} keeps all of them", EdgewordWarning, stacklevel=3)


def _check_vocabulary(tokenizer: AnyTokenizer) -> None:
    noun = "character" if tokenizer.level == "char" else "word"
    words = list(islice(_words(tokenizer), 2))
    if not words:
        raise UsageError(f"The text holds no {noun}s; give a text file or a built-in corpus: {CORPUS_NAMES}")
    if len(words) < 2:
        raise UsageError(
            f"The text has one distinct {noun} only, {words[0]!r}; "
            f"give one with two or more, or a built-in corpus: {CORPUS_NAMES}"
        )


def _words(tokenizer: AnyTokenizer) -> Iterable[str]:
    ids = (each for each in range(1, tokenizer.vocab_size) if each not in (tokenizer.oov_id, tokenizer.end_id))
    return (tokenizer.word(each) for each in ids if tokenizer.has_token(each))
