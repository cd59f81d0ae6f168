"""What a benchmark found: one row for each variant, the machine beside them, and their JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeword.errors import UsageError
from edgeword.records import RecordError, is_int, parse_json, read_record, spelled

FORMAT_VERSION = 1

Interval = tuple[float, float]
Times = tuple[tuple[tuple[float, ...], ...], ...]
"""Microseconds a word: processes of turns of words. A variant is loaded anew for each process."""


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
    """Whether warming up ended in a steady time, in every process."""
    p50_us: float | None = None
    """A word, text to text: the next word as a string, while a stream of words is read."""
    p50_interval_us: Interval | None = None
    """95 %, between two of the processes' medians; None of fewer than 11 processes."""
    p90_us: float | None = None
    p90_interval_us: Interval | None = None
    """95 % for independent words, as that of p99: words share the luck of their process, so the truth is wider."""
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
    """What reading them takes at the bandwidth measured here; None if a word is many runs, or takes less."""
    over_floor: float | None = None
    """p50 over the floor."""
    times_us: Times = dataclasses.field(default=(), repr=False)

    @property
    def name(self) -> str:
        """Engine and precision, as they are asked for."""
        return f"{self.engine} {self.precision}"


@dataclass(frozen=True)
class Report:
    """A benchmark of one bundle on one machine."""

    environment: Mapping[str, Any] = dataclasses.field(repr=False)
    results: tuple[Result, ...]
    warnings: tuple[str, ...] = ()
    """What makes the figures doubtful, one sentence each."""
    interrupted: bool = False

    def fact(self, *path: str) -> Any:
        """What stands at a path of the environment; None where there is nothing."""
        found: Any = self.environment
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def to_json(self) -> str:
        """The result file: `environment`, `results`, `warnings`, `interrupted`, `format_version`."""
        data = {"format_version": FORMAT_VERSION, **dataclasses.asdict(self)}
        return spelled(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read a result file; raises UsageError for what is none, or of another format version."""
        try:
            data = parse_json(text)
            _check_version(data)
            report = read_record(
                cls, {key: value for key, value in data.items() if key != "format_version"}, "the file"
            )
            _check_values(report)
        except RecordError as error:
            raise UsageError(f"its content is damaged ({error}); measure again") from None
        return report


def _check_version(data: Any) -> None:
    version = data.get("format_version") if isinstance(data, dict) else None
    if version is None or not is_int(version):
        raise UsageError("it is no result of `edgeword benchmark --json`; name one")
    if version != FORMAT_VERSION:
        mend = "pip install --upgrade edgeword" if version > FORMAT_VERSION else "measure again"
        raise UsageError(f"it has format version {version} and this edgeword reads {FORMAT_VERSION}; {mend}")


# No time is a day long, and no figure of a result is larger than this.
_LARGEST = 1e15


def _check_values(report: Report) -> None:
    """Raise RecordError for figures that nothing can be, and for texts that would move a terminal's cursor."""
    for number, row in enumerate(report.results):
        for name, value in vars(row).items():
            if isinstance(value, int | float) and abs(value) >= _LARGEST:
                raise RecordError(f"the file.results[{number}].{name} is {value:g}, which no figure is")
        if not all(0 < us < _LARGEST for process in row.times_us for turn in process for us in turn):
            raise RecordError(f"the file.results[{number}].times_us holds what is no time")
        _check_texts(f"the file.results[{number}]", [value for value in vars(row).values() if isinstance(value, str)])
    _check_texts("the file.warnings", report.warnings)


def _check_texts(where: str, texts: Sequence[str]) -> None:
    if not all(map(str.isprintable, texts)):
        raise RecordError(f"{where} holds control characters")
