"""A run: prompts from a file, answered in order, to a file of lines that a later run can finish."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeword import interruption
from edgeword.bulk.answering import Asked, Piece, pieces
from edgeword.bulk.journal import (
    Journal,
    check_same,
    journal_of,
    journal_path,
    read_journal,
    with_seed_of,
    write_journal,
)
from edgeword.bulk.output import Output, exists, locked_output
from edgeword.bulk.progress import ProgressCallback, Tally, silent
from edgeword.bulk.prompts import Chunk, Prompts, open_prompts
from edgeword.bulk.resuming import Resumed, resumed
from edgeword.bulk.workers import MOST_WORKERS, Workers
from edgeword.choice.choosing import PrecisionChoice
from edgeword.engines.engine import EngineChoice
from edgeword.errors import UsageError
from edgeword.files import check_output_file
from edgeword.frozen import frozen
from edgeword.generation.options import GenerationOptions, Keywords, check_count
from edgeword.generation.sampling import fresh_seed
from edgeword.language_model import LanguageModel, load

if TYPE_CHECKING:
    from typing import Unpack

# Rows that are full while a chunk is answered, where nobody says how many.
_ROWS = 64
# Rounds of the rows in one chunk: with more of them fewer rows are empty at its end, with fewer less is done twice.
_ROUNDS = 2
# The first chunks are small, so that few prompts are divided among the workers as well.
_FIRST = 16

Answers = Callable[[Iterator[Chunk]], Iterator[tuple[Chunk, Piece]]]


@frozen
class Result:
    """What a finished file holds, and what this run did for it."""

    lines: int
    errors: int
    """How many of the lines are of prompts that cannot be used."""
    words: int
    """Of this run alone."""


def bulk(
    bundle: str | os.PathLike[str],
    prompts: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    engine: EngineChoice = "auto",
    precision: PrecisionChoice = "auto",
    threads: int = 1,
    batch: int | None = None,
    workers: int = 1,
    resume: bool = False,
    max_words: int = 20,
    trusted_key: str | os.PathLike[str] | None = None,
    minimum_release: int | None = None,
    report: ProgressCallback = silent,
    load: Callable[..., LanguageModel] = load,
    **options: Unpack[Keywords],
) -> Result:
    """Continue every prompt of a file; one line of JSON for each, in their order.

    `prompts` is a `.txt`, one a line, a `.jsonl` with the key `prompt`, `.gz` of either, or `-`. `workers` processes
    answer them, `batch` rows in each; the words depend on neither. A run that ended early (killed, interrupted, disk
    full) is finished by the same call with `resume`; the file is then what it would have been. `trusted_key` and
    `minimum_release` are those of `edgeword.load`. Raises InputFileError,
    UsageError, BundleError, EngineError, WorkerError.
    """
    check_count(workers, "workers", 1, MOST_WORKERS)
    if batch is not None:
        check_count(batch, "batch", 1)
    asked = Asked(GenerationOptions(max_words=max_words, **options), batch)  # type: ignore[arg-type]
    path = check_output_file(out)
    begun = _begun(path, resume=resume)
    with open_prompts(prompts) as source:
        chosen = _choice(begun, engine, precision)
        trust = {"trusted_key": trusted_key, "minimum_release": minimum_release}
        with load(os.fspath(bundle), *chosen, threads, **trust) as lm:
            asked = _seeded(asked, begun, is_new=not _has_lines(path))
            _check(path, lm, asked, begun)
            return _Run(path, lm, asked, workers).write(source, report, resume=resume)


def _begun(path: Path, *, resume: bool) -> Journal | None:
    """What the run was asked that is resumed; None for a new one. Raises InputFileError for a file in its way."""
    if os.path.lexists(path) and not resume:
        raise exists(path)
    return read_journal(path) if _has_lines(path) else None


def _has_lines(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _choice(
    begun: Journal | None, engine: EngineChoice, precision: PrecisionChoice
) -> tuple[EngineChoice, PrecisionChoice]:
    """A run goes on with what was chosen when it began."""
    if begun is None:
        return engine, precision
    chosen = begun.precision if precision in ("auto", "fastest") else precision
    return begun.engine if engine == "auto" else engine, chosen


def _seeded(asked: Asked, begun: Journal | None, *, is_new: bool) -> Asked:
    """With the seed that the run has drawn, or draws now."""
    options = with_seed_of(asked.options, begun)
    if options.seed is None and options.temperature and is_new:
        options = replace(options, seed=fresh_seed())
    return replace(asked, options=options)


def _check(path: Path, lm: LanguageModel, asked: Asked, begun: Journal | None) -> None:
    """Refuse options that leave no word, and a run that was begun with others."""
    lm.stream("", allow=asked.options.allow, deny=asked.options.deny)
    if begun is not None:
        check_same(path, begun, journal_of(lm, asked))


def _sizes(batch: int | None) -> Iterator[int]:
    """Of the chunks: twice 16, twice 32, up to some rounds of the rows. They do not depend on the workers."""
    most = _ROUNDS * (batch or _ROWS)
    size = min(_FIRST, most)
    while True:
        yield from (size, size)
        size = min(2 * size, most)


@contextmanager
def _team(lm: LanguageModel, asked: Asked, workers: int) -> Iterator[Answers]:
    """What answers chunks: this process, or some of its own."""
    if workers > 1:
        with Workers(lm, asked, workers) as team:
            yield team.answers
    else:
        yield lambda chunks: ((chunk, piece) for chunk in chunks for piece in pieces(lm, chunk.prompts, asked))


@frozen
class _Run:
    """All but the prompts."""

    path: Path
    lm: LanguageModel
    asked: Asked
    workers: int

    def write(self, source: Prompts, report: ProgressCallback, *, resume: bool) -> Result:
        """Write what is missing in the file. A journal lies beside it until that is done."""
        with locked_output(self.path, resume=resume) as descriptor:
            if not _has_lines(self.path):
                write_journal(self.path, journal_of(self.lm, self.asked))
            left = self._left(descriptor, source.chunks(_sizes(self.asked.batch)))
            output, tally = Output(self.path, descriptor, left.start, left.end), Tally(left.lines, left.errors)
            with _team(self.lm, self.asked, self.workers) as answers:
                for chunk, piece in answers(left.chunks):
                    output.write(piece.content)
                    interruption.check()
                    report(tally.add(chunk, piece))
            with interruption.deferred():
                output.finish()
                journal_path(self.path).unlink(missing_ok=True)
        return Result(tally.lines, tally.errors, tally.words)

    def _left(self, descriptor: int, chunks: Iterator[Chunk]) -> Resumed:
        """What is to be done. Raises UsageError where that needs a seed that nobody knows any more."""
        if self.asked.options.seed is not None or not self.asked.options.temperature:
            return resumed(self.path, descriptor, chunks)
        left = resumed(self.path, descriptor, chunks, again=False)
        if next(left.chunks, None) is not None:
            raise UsageError(
                f"{journal_path(self.path)}, which knows the seed of {self.path}, is gone; give the seed, or choose "
                "another --out"
            )
        return left
