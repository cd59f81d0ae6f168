"""Which variant on which engine: what passes the self-test here, and of that the fastest, measured once.

The trials of a bundle are remembered in the user's cache folder under the digest of its manifest, so that only the
first load on a machine pays for them. `EDGEWORD_SELF_TEST=0` leaves them out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
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
from edgeword.precisions import UNSAFE
from edgeword.self_test import self_test_failure
from edgeword.version import __version__

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

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Trial:
        """Read a remembered trial; raises ValueError or TypeError for what cannot be one."""
        trial = cls(**data)
        texts = (trial.engine, trial.version, trial.file, trial.refusal)
        passed = isinstance(trial.us_per_word, float) and 0 < trial.us_per_word < float("inf")
        if not all(isinstance(text, str) for text in texts) or passed == bool(trial.refusal):
            raise ValueError(f"{data} is no trial")
        return trial


class Trials:
    """The remembered trials of one bundle on this machine."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        key = f"{bundle.digest}\n{os.uname().nodename}\n{os.uname().machine}\n{threads}\n{__version__}"
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        self._path = os.path.join(_cache_home(), "edgeword", f"{name}.json")
        self._bundle, self._threads = bundle, threads
        self._rows = self._read()

    def of(self, pair: Pair) -> Trial | None:
        """The remembered trial of a pair."""
        return self._rows.get((pair[0].name, pair[1].file))

    def run(self, pairs: Sequence[Pair]) -> list[Trial]:
        """Try the pairs that were not tried yet, and remember them; returns the new trials.

        An engine that cannot be imported is passed over; raises MissingEngineError where no other is left.
        """
        new: list[Trial] = []
        missing: dict[str, MissingEngineError] = {}
        for kind, variant in pairs:
            if kind.name in missing or self.of((kind, variant)) is not None:
                continue
            try:
                trial = try_variant(self._bundle, kind, variant, self._threads)
            except MissingEngineError as error:
                missing[kind.name] = error
                continue
            self._rows[kind.name, variant.file] = trial
            new.append(trial)
        if missing and not any(map(self.of, pairs)):
            raise next(iter(missing.values()))
        if new:
            self._write()
        return new

    def forget(self, engine: str) -> None:
        """Drop the trials of an engine whose version has changed."""
        self._rows = {key: trial for key, trial in self._rows.items() if key[0] != engine}

    def _read(self) -> dict[tuple[str, str], Trial]:
        try:
            with open(self._path, encoding="utf-8") as file:
                trials = [Trial.from_dict(row) for row in json.load(file)]
        except (OSError, ValueError, TypeError, RecursionError):
            return {}  # nothing remembered, or nothing that can be read: try again
        return {(trial.engine, trial.file): trial for trial in trials}

    def _write(self) -> None:
        """Remember; where nothing can be written, the next load tries again."""
        if not os.path.isabs(self._path):
            return
        text = json.dumps([asdict(trial) for trial in self._rows.values()])
        partial = f"{self._path}.{os.getpid()}.{threading.get_ident()}"
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(partial, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(partial, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(partial)


def _cache_home() -> str:
    """The user's cache folder; not absolute where there is none, and then nothing is remembered.

    A relative XDG_CACHE_HOME is to be ignored: https://specifications.freedesktop.org/basedir-spec
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    return named if os.path.isabs(named) else os.path.join(os.path.expanduser("~"), ".cache")


def choose(bundle: Bundle, pairs: Sequence[Pair], threads: int) -> tuple[EngineKind, Variant, Engine]:
    """The fastest pair that passes the self-test, loaded; raises EngineError where none does."""
    if os.environ.get(SELF_TEST_VARIABLE) == "0":
        return _first_verified(bundle, pairs, threads)
    trials = Trials(bundle, threads)
    if not any(trial is None or trial.us_per_word for trial in map(trials.of, pairs)):
        # Nothing that is remembered can be used: perhaps another version of the engine is installed by now.
        for kind, _ in pairs:
            trials.forget(kind.name)
    new = trials.run(pairs)
    kind, variant, trial = _fastest(trials, pairs)
    with contextlib.suppress(EngineError):
        loaded = kind.open(bundle.read(variant), threads)
        if loaded.version == trial.version:
            _warn_of(new)
            return kind, variant, loaded
    # Another version of the engine is installed by now: what is remembered of it no longer counts.
    trials.forget(kind.name)
    new = [trial for trial in new if trial.engine != kind.name] + trials.run(pairs)
    kind, variant, _ = _fastest(trials, pairs)
    loaded = kind.open(bundle.read(variant), threads)
    _warn_of(new)
    return kind, variant, loaded


def _warn_of(trials: Sequence[Trial]) -> None:
    """Say, once and at the line that loads, what is refused; where nothing passes, the error says it."""
    for trial in trials:
        if trial.refusal:
            warnings.warn(f"{trial.file} is not used here: {trial.refusal}", EdgewordWarning, stacklevel=4)


def remembered(bundle: Bundle, pairs: Sequence[Pair], threads: int = 1) -> list[Trial]:
    """The trials that were made on this machine, fastest first, refused ones last."""
    trials = Trials(bundle, threads)
    found = [trial for trial in map(trials.of, pairs) if trial is not None]
    return sorted(found, key=lambda trial: (bool(trial.refusal), trial.us_per_word or 0.0))


def try_variant(bundle: Bundle, kind: EngineKind, variant: Variant, threads: int) -> Trial:
    """Load a variant, run the self-test and time a few words."""
    version = ""
    try:
        loaded = _open(bundle, kind, variant, threads)
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


def _open(bundle: Bundle, kind: EngineKind, variant: Variant, threads: int) -> Engine:
    """Load a variant that was not tried yet; raises EngineError for one that may take the process down."""
    distribution = (kind.package or kind.name).replace("_", "-")
    content = bundle.read(variant)
    if variant.precision in UNSAFE.get(distribution, ()):
        raise EngineError(f"{distribution} refuses the file: {variant.precision} would corrupt its memory")
    return kind.open(content, threads)


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


def _first_verified(bundle: Bundle, pairs: Sequence[Pair], threads: int) -> tuple[EngineKind, Variant, Engine]:
    """Without self-tests: the first pair that the exporter measured on the same engine package."""
    refusals = []
    missing: list[MissingEngineError] = []
    for kind, variant in pairs:
        try:
            loaded = _open(bundle, kind, variant, threads)
        except MissingEngineError as error:
            missing.append(error)
            continue
        except EngineError as error:
            refusals.append(f"{variant.file}: {error}")
            continue
        if variant.precision == "float32" or package(loaded.version) in map(package, variant.verified):
            return kind, variant, loaded
        refusals.append(f"{variant.file}: it was not verified on {package(loaded.version)}, and {SELF_TEST_VARIABLE}=0")
    if missing and not refusals:
        raise missing[0]
    raise EngineError(f"no variant can be used here: {'; '.join(refusals)}")


def package(version: str) -> str:
    """The engine's package of `onnxruntime 1.31.1`."""
    return version.partition(" ")[0]
