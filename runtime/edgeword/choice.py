"""Which variant on which engine: what passes the self-test here, and of that the fastest, measured once.

The trials of a bundle are remembered in the user's cache folder under the digest of its manifest, so that only the
first load on a machine pays for them. `EDGEWORD_SELF_TEST=0` leaves them out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edgeword.bundle import Bundle
from edgeword.decoding import Decoder, decoder_factory
from edgeword.engines import Engine, EngineKind
from edgeword.errors import EngineError, MissingEngineError
from edgeword.manifest import SelfTest, Variant
from edgeword.self_test import self_test_failure

SELF_TEST_VARIABLE = "EDGEWORD_SELF_TEST"

# A trial times words until both are reached, or the longest time.
_WORDS, _SECONDS, _LONGEST_SECONDS = 32, 0.01, 0.3

Pair = tuple[EngineKind, Variant]


class EdgewordWarning(UserWarning):
    """A variant is not used here, though it was a candidate."""


@dataclass(frozen=True)
class Trial:
    """One variant tried on one engine of this machine."""

    engine: str
    version: str
    """Package and version of the engine; empty where it could not say."""
    file: str
    refusal: str
    """Why it must not be used; empty where it passed."""
    us_per_word: float | None
    """Microseconds a greedy word, one run; None where it was refused."""


class Trials:
    """The remembered trials of one bundle on this machine."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        key = f"{bundle.digest}\n{os.uname().nodename}\n{os.uname().machine}\n{threads}"
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        self._path = os.path.join(home, "edgeword", f"{name}.json")
        self._bundle, self._threads = bundle, threads
        self._rows = self._read()

    def of(self, pair: Pair) -> Trial | None:
        """The remembered trial of a pair."""
        return self._rows.get((pair[0].name, pair[1].file))

    def run(self, pairs: Sequence[Pair]) -> None:
        """Try the pairs that were not tried yet, remember them, and say which must not be used.

        An engine that cannot be imported is passed over; raises MissingEngineError where no other is left.
        """
        new = [pair for pair in pairs if self.of(pair) is None]
        missing: list[MissingEngineError] = []
        for kind, variant in new:
            try:
                trial = try_variant(self._bundle, kind, variant, self._threads)
            except MissingEngineError as error:
                missing.append(error)
                continue
            self._rows[kind.name, variant.file] = trial
            if trial.refusal:
                warnings.warn(f"{variant.file} is not used here: {trial.refusal}", EdgewordWarning, stacklevel=2)
        if missing and not any(map(self.of, pairs)):
            raise missing[0]
        if new:
            self._write()

    def forget(self, engine: str) -> None:
        """Drop the trials of an engine whose version has changed."""
        self._rows = {key: trial for key, trial in self._rows.items() if key[0] != engine}

    def _read(self) -> dict[tuple[str, str], Trial]:
        try:
            with open(self._path, encoding="utf-8") as file:
                return {(row["engine"], row["file"]): Trial(**row) for row in json.load(file)}
        except (OSError, ValueError, TypeError, KeyError):
            return {}  # nothing remembered, or nothing that can be read: try again

    def _write(self) -> None:
        """Remember; where nothing can be written, the next load tries again."""
        text = json.dumps([asdict(trial) for trial in self._rows.values()])
        partial = f"{self._path}.{os.getpid()}"
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(partial, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(partial, self._path)


def choose(bundle: Bundle, pairs: Sequence[Pair], threads: int) -> tuple[EngineKind, Variant, Engine]:
    """The fastest pair that passes the self-test, loaded; raises EngineError where none does."""
    if os.environ.get(SELF_TEST_VARIABLE) == "0":
        return _first_verified(bundle, pairs, threads)
    trials = Trials(bundle, threads)
    trials.run(pairs)
    kind, variant, trial = _fastest(trials, pairs)
    with contextlib.suppress(EngineError):
        loaded = kind.open(bundle.read(variant), threads)
        if loaded.version == trial.version:
            return kind, variant, loaded
    # Another version of the engine is installed by now: what is remembered of it no longer counts.
    trials.forget(kind.name)
    trials.run(pairs)
    kind, variant, _ = _fastest(trials, pairs)
    return kind, variant, kind.open(bundle.read(variant), threads)


def remembered(bundle: Bundle, pairs: Sequence[Pair], threads: int = 1) -> list[Trial]:
    """The trials that were made on this machine, fastest first, refused ones last."""
    trials = Trials(bundle, threads)
    found = [trial for trial in map(trials.of, pairs) if trial is not None]
    return sorted(found, key=lambda trial: (bool(trial.refusal), trial.us_per_word or 0.0))


def try_variant(bundle: Bundle, kind: EngineKind, variant: Variant, threads: int) -> Trial:
    """Load a variant, run the self-test and time a few words."""
    version = ""
    try:
        loaded = kind.open(bundle.read(variant), threads)
        version = loaded.version
        decoder = decoder_factory(loaded, bundle.manifest)()
        refusal = self_test_failure(decoder, bundle.manifest.self_test, variant)
    except MissingEngineError:
        raise
    except EngineError as error:
        refusal = str(error)
    if refusal:
        named = refusal if version in refusal else f"{version}: {refusal}"
        return Trial(kind.name, version, variant.file, named, None)
    return Trial(kind.name, version, variant.file, "", _us_per_word(decoder, bundle.manifest.self_test))


def _us_per_word(decoder: Decoder, test: SelfTest) -> float:
    """The fastest of a few runs: what else the machine does only adds to a time."""
    times: list[float] = []
    for seconds in _timed_runs(decoder, test):
        times.append(seconds)
        spent, words = sum(times), len(times) * len(test.ids)
        if spent > _LONGEST_SECONDS or (spent > _SECONDS and words >= _WORDS):
            break
    return min(times) * 1e6 / len(test.ids)


def _timed_runs(decoder: Decoder, test: SelfTest) -> Iterator[float]:
    while True:
        decoder.begin(test.prompt)
        started = time.perf_counter()
        for _ in test.ids:
            token, _ = decoder.predict()
            decoder.push(token)
        yield time.perf_counter() - started


def _fastest(trials: Trials, pairs: Sequence[Pair]) -> tuple[EngineKind, Variant, Trial]:
    passed: list[tuple[float, EngineKind, Variant, Trial]] = []
    refusals = []
    for kind, variant in pairs:
        trial = trials.of((kind, variant))
        if trial is not None and trial.us_per_word is not None:
            passed.append((trial.us_per_word, kind, variant, trial))
        elif trial is not None:
            refusals.append(f"{variant.file}: {trial.refusal}")
    if not passed:
        raise EngineError(f"no variant can be used here: {'; '.join(refusals)}")
    return min(passed, key=lambda row: row[0])[1:]


def _first_verified(bundle: Bundle, pairs: Sequence[Pair], threads: int) -> tuple[EngineKind, Variant, Any]:
    """Without self-tests: the first pair that the exporter measured on the same engine package."""
    refusals = []
    for kind, variant in pairs:
        try:
            loaded = kind.open(bundle.read(variant), threads)
        except MissingEngineError:
            raise
        except EngineError as error:
            refusals.append(f"{variant.file}: {error}")
            continue
        package = loaded.version.split()[0]
        if variant.precision == "float32" or any(name.split()[0] == package for name in variant.verified):
            return kind, variant, loaded
        refusals.append(f"{variant.file}: it was not verified on {package}, and {SELF_TEST_VARIABLE}=0")
    raise EngineError(f"no variant can be used here: {'; '.join(refusals)}")
