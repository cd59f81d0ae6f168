"""What a benchmark found: one row for each variant, the machine beside them, and their JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edgeword.errors import UsageError

FORMAT_VERSION = 1

Interval = tuple[float, float]
Times = tuple[tuple[tuple[float, ...], ...], ...]
"""Microseconds a word: sittings of rounds of words. A variant is loaded anew for each sitting."""


@dataclass(frozen=True)
class Result:
    """One variant on its engine. A figure that was not measured, or from too few runs, is None."""

    engine: str
    file: str
    format: str
    precision: str
    decode: str
    threads: int
    size_bytes: int
    perplexity: float
    """From the manifest, as are the next two; a speed without quality is no result."""
    perplexity_increase: float
    """In percent of the Keras model's."""
    top1_agreement: float
    """With the Keras model, 0 to 1."""
    engine_version: str | None = None
    """Package and version that ran it."""
    reason: str | None = None
    """Why it was not measured, or not all of it."""
    runs: int = 0
    """Words timed."""
    settled: bool | None = None
    """Whether warming up ended in a steady time, in every sitting."""
    p50_us: float | None = None
    """A word, text to text: the next word as a string, while a stream of words is read."""
    p50_interval_us: Interval | None = None
    """95 %, between two of the sittings' medians; None of fewer than 11 sittings."""
    p90_us: float | None = None
    p90_interval_us: Interval | None = None
    """95 % for independent words, as that of p99: words share the luck of their sitting, so the truth is wider."""
    p99_us: float | None = None
    p99_interval_us: Interval | None = None
    words_per_s: float | None = None
    """Words timed over the time they took."""
    engine_p50_us: float | None = None
    """The part of a word that is spent inside the engine, timed in turns of its own."""
    engine_runs_per_word: float | None = None
    """1 in decode mode `step`; up to the window's length where the window is replayed."""
    last_over_first: float | None = None
    """The last tenth of a turn's words over its first tenth, medians: 1 where a word's cost does not grow."""
    prompt_ms: float | None = None
    """Encoding the prompt and reading all of it but its last token; median."""
    first_word_ms: float | None = None
    """From the prompt's text to the first word; median."""
    load_ms: float | None = None
    """Opening the bundle and loading the variant, engine already imported; median."""
    cold_start_ms: float | None = None
    """From starting a process to its first word, files in the page cache; median. The four parts follow."""
    cold_python_ms: float | None = None
    cold_import_ms: float | None = None
    cold_load_ms: float | None = None
    cold_first_word_ms: float | None = None
    peak_rss_mb: float | None = None
    """Largest resident memory of a process of its own that generates words, Python included; 1 MB is 10^6 bytes."""
    read_bytes_per_word: int | None = None
    """Bytes of weights in the file that a run of the graph must read, each once."""
    floor_us: float | None = None
    """What reading them takes at the bandwidth that was measured for that many bytes; None if a word is many runs."""
    over_floor: float | None = None
    """p50 over the floor."""
    times_us: Times = ()

    @property
    def name(self) -> str:
        """Engine and precision, as they are asked for."""
        return f"{self.engine} {self.precision}"


@dataclass(frozen=True)
class Report:
    """A benchmark of one bundle on one machine."""

    environment: Mapping[str, Any]
    results: tuple[Result, ...]
    warnings: tuple[str, ...] = ()
    """What makes the figures doubtful, one sentence each."""
    interrupted: bool = False

    def to_json(self) -> str:
        """The result file: `environment`, `results`, `warnings`, `interrupted`, `format_version`."""
        data = {"format_version": FORMAT_VERSION, **dataclasses.asdict(self)}
        return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read a result file; raises UsageError for what is none, or of another format version."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"it is not JSON ({error}); measure again") from None
        _check_version(data)
        try:
            _check(
                data, {"environment": "dict", "results": "list", "warnings": "list", "interrupted": "bool"}, "the file"
            )
            _check(dict(enumerate(data["warnings"])), dict.fromkeys(range(len(data["warnings"])), "str"), "warnings")
            results = tuple(_result(row, f"results[{number}]") for number, row in enumerate(data["results"]))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"its content is damaged ({error}); measure again") from None
        return cls(data["environment"], results, tuple(data["warnings"]), data["interrupted"])


def _check_version(data: Any) -> None:
    version = data.get("format_version") if isinstance(data, dict) else None
    if isinstance(version, bool) or not isinstance(version, int):
        raise UsageError("it is no result of `edgeword benchmark --json`; name one")
    if version != FORMAT_VERSION:
        mend = "pip install --upgrade edgeword" if version > FORMAT_VERSION else "measure again"
        raise UsageError(f"it has format version {version} and this edgeword reads {FORMAT_VERSION}; {mend}")


# No time is a day long, and no figure of a result is larger than this.
_LARGEST = 1e15


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _is_list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(check, value))


_KINDS: dict[str, Callable[[Any], bool]] = {
    "dict": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and _is_number(value),
    "float": _is_number,
    "str": lambda value: isinstance(value, str) and value.isprintable(),
    "Interval": lambda value: _is_list_of(_is_number)(value) and len(value) == 2,
    "Times": _is_list_of(_is_list_of(_is_list_of(lambda value: _is_number(value) and value > 0))),
}


def _check(data: Any, kinds: Mapping[Any, str], where: str) -> None:
    """Raise ValueError for a key that misses or whose value is of another kind; `X | None` may be null."""
    for key, kind in kinds.items():
        value = data[key]
        if not (value is None and kind.endswith("| None")) and not _KINDS[kind.removesuffix(" | None")](value):
            raise ValueError(f"{where}: {key} is no {kind.split()[0].lower()}")


def _result(row: Any, where: str) -> Result:
    kinds = {field.name: str(field.type) for field in dataclasses.fields(Result)}
    if not isinstance(row, dict) or row.keys() - kinds.keys():
        raise ValueError(f"{where} is no row")
    _check(row, kinds, where)
    times = tuple(tuple(map(tuple, sitting)) for sitting in row["times_us"])
    intervals = {key: tuple(row[key]) for key, kind in kinds.items() if kind.startswith("Interval") and row[key]}
    return Result(**{**row, **intervals, "times_us": times})
