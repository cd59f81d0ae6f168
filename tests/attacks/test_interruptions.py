"""SIGINT and SIGTERM at random moments: exit 130, nothing half, nothing left over."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeword.bundle.bundle import Bundle, listed_files
from tests import tiny

EDGEWORD = [sys.executable, "-m", "edgeword"]
GOLDEN = Path(__file__).parents[1] / "golden" / "step"
# As many moments a command; `make interruptions` asks for 40.
MOMENTS = int(os.environ.get("EDGEWORD_INTERRUPTIONS", "2"))
INTERRUPTED = 130


@dataclass(frozen=True)
class Long:
    """A command that is interrupted."""

    words: Callable[[Path, Path], list[str]]
    """Its words, from the folder to write into and the one that holds what it reads."""
    seconds: float
    """Signals are sent until then; most of the command lies before it on two quiet cores."""
    check: Callable[[Path, set[str]], None]
    """That what is left is whole."""


def _nothing(_folder: Path, left: set[str]) -> None:
    assert left == set()


def _bundle_or_nothing(folder: Path, left: set[str]) -> None:
    assert left <= {"out"}
    if left:
        bundle = Bundle(folder / "out")
        assert all(bundle.read(entry) for entry in listed_files(bundle.manifest))


def _result_or_nothing(_folder: Path, left: set[str]) -> None:
    assert left <= {"out.json"}


def _run_that_goes_on(folder: Path, left: set[str]) -> None:
    assert left <= {"out"}
    assert [path for path in folder.rglob("*") if path.name.startswith(".")] == []


def _lines_that_go_on(folder: Path, left: set[str]) -> None:
    assert left <= {"out.jsonl", "out.jsonl.resume"}
    if "out.jsonl" in left:
        assert (folder / "out.jsonl").read_bytes()[-1:] in (b"", b"\n")


COMMANDS = {
    "generate": Long(lambda *_: ["generate", str(GOLDEN), "the", "-n", "100000000"], 1, _nothing),
    "benchmark": Long(
        lambda out, _: ["benchmark", str(GOLDEN), "--json", str(out / "out.json")], 6, _result_or_nothing
    ),
    "bulk": Long(
        lambda out, given: [
            *("bulk", str(GOLDEN), str(given / "text.txt"), "--out", str(out / "out.jsonl")),
            *("--workers", "2", "-n", "1000"),
        ],
        3,
        _lines_that_go_on,
    ),
    "train": Long(
        lambda out, given: [
            *("train", str(given / "text.txt"), "--out", str(out / "out")),
            *("--epochs", "500", "--units", "16"),
        ],
        6,
        _run_that_goes_on,
    ),
    "export": Long(
        lambda out, given: [
            *("export", str(given / "model.keras"), "--tokenizer", str(given / "tokenizer.json")),
            *("--out", str(out / "out")),
        ],
        12,
        _bundle_or_nothing,
    ),
}


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("given")
    tiny.lstm().save(folder / "model.keras")
    (folder / "tokenizer.json").write_text(tiny.TOKENIZER.to_json(), "utf-8")
    (folder / "text.txt").write_text("the quick brown fox jumps over the lazy dog. \n" * 200, "utf-8")
    return folder


def environment(folder: Path) -> dict[str, str]:
    (folder / "tmp").mkdir()
    surroundings = {**os.environ, "TMPDIR": str(folder / "tmp")}
    del surroundings["EDGEWORD_SELF_TEST"]  # first trials in a process of their own are interrupted as well
    return surroundings


def wait_until_it_watches(process: subprocess.Popen) -> None:
    """What the interpreter needs before it has read a line of edgeword's is not edgeword's."""
    caught = 0
    while process.poll() is None and not caught >> (signal.SIGTERM - 1) & 1:
        status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
        caught = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), 16)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_command_ends_at_once_and_leaves_nothing_half(command, moment, given, tmp_path):
    long = COMMANDS[command]
    chance = random.Random(f"{command} {moment}")  # noqa: S311
    line, surroundings = [*EDGEWORD, *long.words(tmp_path, given)], environment(tmp_path)
    with subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=surroundings, text=True
    ) as process:
        wait_until_it_watches(process)
        time.sleep(chance.uniform(0, long.seconds))
        process.send_signal(chance.choice([signal.SIGINT, signal.SIGTERM]))
        _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    assert process.returncode in (0, INTERRUPTED), errors
    left = {path.name for path in tmp_path.iterdir()} - {"tmp"}
    if process.returncode:
        assert errors.splitlines()[-1].startswith("edgeword: interrupted")
        assert command != "export" or not left
    long.check(tmp_path, left)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_the_machine_lacks_is_not_the_models_fault(given, tmp_path):
    """A disk that is full, as a limit on the size of files: no variant is left out, there is no bundle."""
    done = subprocess.run(
        [*EDGEWORD, *COMMANDS["export"].words(tmp_path, given)],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.returncode == 2
    assert "left out" not in done.stdout + done.stderr
    assert done.stderr.splitlines()[-1].endswith("set TMPDIR to a folder with space")
    assert {path.name for path in tmp_path.iterdir()} == {"tmp"}
    assert list((tmp_path / "tmp").iterdir()) == []
