"""The Nth write, flush, rename or open fails, for every N and each writer: what is left is old or new, and whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest

from edgeword.bulk import bulk
from edgeword.bundle.bundle import Bundle, listed_files
from edgeword.bundle.packed import packed
from edgeword.bundle.writing import write_bundle
from edgeword.choice.choosing import candidates
from edgeword.choice.remembered import Trials
from edgeword.errors import InputFileError
from edgeword.files import write_file
from edgeword_train.fitting.checkpoint import Checkpoint
from edgeword_train.fitting.history import Epoch
from edgeword_train.run.writing import write_text
from tests.attacks.faults import Disk, failing

GOLDEN = Path(__file__).parents[1] / "golden" / "step"
Write = Callable[[Path], None]


@dataclass(frozen=True)
class Writer:
    """Something that writes into a folder."""

    before: Write
    """What stands there already."""
    write: Write
    found: Callable[[Path], object]
    """What a reader finds there."""
    is_told: bool = True
    """Whether its user hears of a disk that fails."""


def _nothing(_folder: Path) -> None:
    pass


def _bundle(folder: Path) -> None:
    bundle = Bundle(GOLDEN)
    files = {entry.file: bundle.read(entry) for entry in listed_files(bundle.manifest)}
    write_bundle(folder / "bundle", bundle.manifest, files)


def _packed(folder: Path) -> None:
    write_file(folder / "bundle.edgeword", packed(Bundle(GOLDEN).contents()))


def _report(content: bytes) -> Write:
    return lambda folder: write_file(folder / "result.json", content)


def _run_file(text: str) -> Write:
    return lambda folder: write_text(folder / "run.json", text)


def _epochs(count: int) -> Write:
    variables = [keras.Variable(np.full(3, count, np.float32))]
    history = [Epoch(number, 9.0, 9.0, 1.0, 10, 0.1, 0.2) for number in range(1, count + 1)]
    return lambda folder: Checkpoint(folder / "checkpoint").save(variables, history, count)


def _remembered(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        bundle = Bundle(GOLDEN)
        Trials(bundle, 1).run(candidates(bundle, "onnx", "float32"))


def _prompts(folder: Path) -> None:
    (folder / "prompts.txt").write_text("the cell\n" * 40, encoding="utf-8")


def _bulk(folder: Path, *, resume: bool = False) -> None:
    bulk(
        GOLDEN, folder / "prompts.txt", folder / "out.jsonl", engine="onnx", precision="float32", batch=8, resume=resume
    )


def finished(folder: Path) -> dict[str, bytes]:
    """What a bulk run comes to once it is resumed."""
    _bulk(folder, resume=True)
    return files(folder)


def files(folder: Path) -> dict[str, bytes]:
    """All of it, and so no temporary name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def checkpoint(folder: Path) -> tuple[int, list[float]]:
    """Where a training would go on."""
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
    saved, variable = Checkpoint(folder / "checkpoint"), keras.Variable(np.zeros(3, np.float32))
    epochs = len(saved.history())
    saved.restore([variable], epochs)
    return epochs, variable.numpy().tolist()


def trials(folder: Path) -> list[list[str]]:
    """The files that were tried; their times differ."""
    return [[row["file"] for row in json.loads(content)] for content in files(folder).values()]


WRITERS = {
    "bundle": Writer(_nothing, _bundle, files),
    "packed file": Writer(_nothing, _packed, files),
    "report": Writer(_nothing, _report(b"new" * 9999), files),
    "report that replaces one": Writer(_report(b"old"), _report(b"new" * 9999), files),
    "run": Writer(_run_file("old"), _run_file("new" * 9999), files),
    "checkpoint": Writer(_epochs(1), _epochs(2), checkpoint),
    "bulk": Writer(_prompts, _bulk, finished),
    "remembered trials": Writer(_nothing, _remembered, trials, is_told=False),
}


def found(writer: Writer, folder: Path, steps: list[Write]) -> object:
    folder.mkdir()
    for step in steps:
        step(folder)
    return writer.found(folder)


@pytest.mark.parametrize("name", WRITERS)
def test_what_a_failing_disk_leaves_is_the_old_or_the_new(name, tmp_path):
    writer, counting = WRITERS[name], Disk(tmp_path / "new")
    old = found(writer, tmp_path / "old", [writer.before])
    with failing(counting):
        new = found(writer, tmp_path / "new", [writer.before, writer.write])
    assert counting.calls
    for number, call in enumerate(counting.calls):
        folder = tmp_path / str(number)
        folder.mkdir()
        writer.before(folder)
        with failing(Disk(folder, number)):
            try:
                writer.write(folder)
                is_told = not writer.is_told
            except InputFileError:
                is_told = True
        left = writer.found(folder)
        assert left in (old, new), f"after call {number} of {len(counting.calls)}, {call}"
        assert is_told or left == new
    print(f"{name}: each of {len(counting.calls)} calls failed, and what was left was whole")
