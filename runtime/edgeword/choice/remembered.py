"""The trials of a bundle on this machine, in the user's cache folder, so that only a first load pays for them.

They are kept by the bundle's digest, the machine, the number of threads, and the engine's package and version: another
environment on the same machine has trials of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from edgeword.bundle.bundle import Bundle
from edgeword.choice.trial import Pair, Trial
from edgeword.engines.engine import Engine
from edgeword.errors import InputFileError, MissingEngineError
from edgeword.input_files import TRIALS, read_text
from edgeword.records import RecordError, parse_json, read_record
from edgeword.version import __version__


class Trials:
    """The trials of one bundle, in this environment."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self._bundle, self._threads = bundle, threads
        self.missing: dict[str, MissingEngineError] = {}
        """Why an engine could not be tried, by its name."""
        self._killed: set[str] = set()
        """Files whose trials were ended by somebody else: the next load tries them again."""
        self._versions: dict[str, str] = {}
        self._rows: dict[str, dict[str, Trial]] = {}
        """By the engine's version, then by file."""

    def of(self, pair: Pair) -> Trial | None:
        """The trial of a pair; None before it was made, and where its engine cannot be imported any more."""
        engine, variant = pair
        if engine.name in self.missing:
            return None
        return self._of(self._version(engine)).get(variant.file)

    def run(self, pairs: Sequence[Pair]) -> list[Trial]:
        """Try the pairs that were not tried yet, and remember them; returns the new trials.

        An engine that cannot be imported is passed over, and stands in `missing` from then on.
        """
        untried = [pair for pair in pairs if self.of(pair) is None]
        new = list(self._tried(untried)) if untried else []
        for trial in new:
            self._of(trial.version)[trial.file] = trial
        for version in {trial.version for trial in new}:
            self._write(version)
        return new

    def _tried(self, pairs: Sequence[Pair]) -> Iterator[Trial]:
        from edgeword.choice.apart import Trier  # a cold start does not wait for it

        with Trier(self._bundle, self._threads) as trier:
            for pair in pairs:
                name = pair[0].name
                if name not in self.missing:
                    try:
                        yield trier.trial(pair)
                    except MissingEngineError as error:
                        self.missing[name] = error
        self._killed |= trier.killed

    def _version(self, engine: Engine) -> str:
        """Read once: an engine is looked for in every folder of the Python path."""
        if engine.name not in self._versions:
            self._versions[engine.name] = engine.installed_package().version()
        return self._versions[engine.name]

    def _of(self, version: str) -> dict[str, Trial]:
        if version not in self._rows:
            self._rows[version] = {trial.file: trial for trial in self._read(version) if trial.version == version}
        return self._rows[version]

    def _path(self, version: str) -> str:
        machine = os.uname()
        parts = (self._bundle.digest, machine.nodename, machine.machine, self._threads, __version__, version)
        name = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]
        return os.path.join(_cache_home(), "edgeword", f"{name}.json")

    def _read(self, version: str) -> list[Trial]:
        """What was remembered; nothing where that cannot be read: try again."""
        try:
            rows = parse_json(read_text(self._path(version), TRIALS))
            return [read_record(Trial, row, "trial") for row in rows]
        except (InputFileError, RecordError, TypeError):
            return []

    def _write(self, version: str) -> None:
        """Remember; where nothing can be written, the next load tries again."""
        path = self._path(version)
        if not os.path.isabs(path):
            return
        lasting = [trial for trial in self._rows[version].values() if trial.file not in self._killed]
        content = json.dumps([asdict(trial) for trial in lasting])
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            _replace(path, content)


def _replace(path: str, content: str) -> None:
    """Write a file of the user's alone, whole or not at all; raises OSError."""
    partial = f"{path}.{os.urandom(8).hex()}"
    with open(partial, "x", encoding="utf-8", opener=_private) as file:
        try:
            file.write(content)
            file.close()
            os.replace(partial, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(partial)
            raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _cache_home() -> str:
    """The user's cache folder; not absolute where there is none, and then nothing is remembered.

    A relative XDG_CACHE_HOME is to be ignored: https://specifications.freedesktop.org/basedir-spec
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    return named if os.path.isabs(named) else os.path.join(os.path.expanduser("~"), ".cache")
