"""What a run was asked, in a small file beside its output until it is done: a resumed run must be asked the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from edgeword.bulk.answering import Asked
from edgeword.engines.engine import EngineName
from edgeword.errors import InputFileError, UsageError
from edgeword.files import write_file
from edgeword.frozen import frozen
from edgeword.generation.options import GenerationOptions
from edgeword.input_files import JOURNAL, read_bounded
from edgeword.language_model import LanguageModel
from edgeword.precisions import PrecisionName
from edgeword.records import RecordError, json_text, parse_json, read_record


@frozen
class Journal:
    """All that the words depend on, but for the prompts, which the lines themselves name."""

    bundle: str
    """Its digest."""
    engine: EngineName
    precision: PrecisionName
    batch: int | None
    options: Mapping[str, Any]
    """Of GenerationOptions, those that are not left as they are."""


def journal_of(lm: LanguageModel, asked: Asked) -> Journal:
    """Of a run."""
    changed = {
        field.name: _json_value(getattr(asked.options, field.name))
        for field in fields(GenerationOptions)
        if getattr(asked.options, field.name) != field.default
    }
    return Journal(lm.bundle.digest, lm.engine, lm.precision, asked.batch, changed)


def _json_value(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def journal_path(out: Path) -> Path:
    """Where it is kept."""
    return out.with_name(f"{out.name}.resume")


def write_journal(out: Path, journal: Journal) -> None:
    """Write it, whole or not at all."""
    write_file(journal_path(out), f"{json_text(asdict(journal))}\n".encode())


def read_journal(out: Path) -> Journal | None:
    """None where there is none; raises InputFileError for one that cannot be read."""
    path = journal_path(out)
    if not os.path.lexists(path):
        return None
    try:
        return read_record(Journal, parse_json(read_bounded(path, JOURNAL).decode("utf-8")), "journal")
    except (UnicodeDecodeError, RecordError) as error:
        raise InputFileError(f"cannot read {path}: {error}; remove it and {out}, and begin again") from None


def with_seed_of(options: GenerationOptions, journal: Journal | None) -> GenerationOptions:
    """The options with the seed that the run drew when it began, where none is given."""
    seed = journal.options.get("seed") if journal else None
    return replace(options, seed=seed) if options.seed is None and seed is not None else options


def check_same(out: Path, begun: Journal, now: Journal) -> None:
    """Raise UsageError where a run that goes on was asked something else when it began."""
    for name, before, after in _differences(begun, now):
        shown = f"{name} {before}, not {after}" if len(f"{before}{after}") < 80 else f"another {name}"
        raise UsageError(f"{out} was begun with {shown}; give the same, or choose another --out")


def _differences(begun: Journal, now: Journal) -> Iterator[tuple[str, Any, Any]]:
    pairs = [(field.name, getattr(begun, field.name), getattr(now, field.name)) for field in fields(Journal)[:-1]]
    for field in fields(GenerationOptions):
        default = _json_value(field.default)
        pairs.append((field.name, *(side.options.get(field.name, default) for side in (begun, now))))
    return ((name, before, after) for name, before, after in pairs if before != after)
