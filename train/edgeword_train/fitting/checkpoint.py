"""The state of a training after each epoch, on disk, so that it can be continued."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeword_train.errors import RunError
from edgeword_train.fitting.history import Epoch
from edgeword_train.run.records import read_json
from edgeword_train.run.writing import replacing, unwritable, write_record

STATE_FILE = "state.json"


@dataclass(frozen=True)
class State:
    """`state.json`: the epochs that are done."""

    history: tuple[Epoch, ...]


class Checkpoint:
    """A folder with the variables after the last and after the kept epoch; `state.json` says what holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, variables: Sequence[Any], history: Sequence[Epoch], kept: int) -> None:
        """Keep the variables after the last epoch, and those after the epoch `kept`.

        A crash leaves the state before or this one.
        """
        self._make_folder()
        with replacing(self._file(len(history))) as partial, partial.open("wb") as file:
            np.savez(file, *[variable.numpy() for variable in variables])
        write_record(self._folder / STATE_FILE, State(tuple(history)))
        self._clean({len(history), kept})

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise unwritable(self._folder, error) from None

    def history(self) -> list[Epoch]:
        """The epochs that are done."""
        if not (self._folder / STATE_FILE).is_file():
            return []
        return list(read_json(State, self._folder / STATE_FILE, self._remedy).history)

    def restore(self, variables: Sequence[Any], epoch: int) -> None:
        """Give the variables the values that they had after `epoch`; RunError for a damaged file."""
        file = self._file(epoch)
        try:
            with np.load(file, allow_pickle=False) as arrays:
                for variable, name in zip(variables, arrays.files, strict=True):
                    variable.assign(arrays[name])
        except (OSError, EOFError, ValueError, zipfile.BadZipFile):
            raise RunError(f"{file} is damaged; {self._remedy}") from None

    def _clean(self, epochs: set[int]) -> None:
        kept = {self._folder / STATE_FILE, *map(self._file, epochs)}
        for file in self._folder.iterdir():
            if file not in kept:
                file.unlink()

    def _file(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch:05d}.npz"

    @property
    def _remedy(self) -> str:
        return f"remove {self._folder.parent} and train again"
