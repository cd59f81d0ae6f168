"""What happens to a run in a process of its own: killed, interrupted, its workers dead, the disk full."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
from pathlib import Path

import pytest

from edgeword import interruption, load
from edgeword.bulk import bulk, workers
from edgeword.bulk.answering import Asked
from edgeword.generation.options import GenerationOptions
from edgeword.interruption import EXIT_CODE
from tests.runtime.bulk.runs import Running, end_group, left_over, undisturbed, write_prompts
from tests.runtime.cli.lines import one_line

# `make kills` has twenty.
KILLS = int(os.environ.get("EDGEWORD_BULK_KILLS", "2"))
COUNT = 1000
TWO = ("--workers", "2")


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Path:
    return write_prompts(tmp_path_factory.mktemp("prompts") / "prompts.txt", COUNT)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, step_bundle, asked) -> bytes:
    return undisturbed(step_bundle, asked, tmp_path_factory.mktemp("whole") / "out.jsonl")


@pytest.fixture
def run(step_bundle, asked, tmp_path):
    """Start a run to out.jsonl; whatever it leaves ends with the test."""
    begun = []

    def start(*words: str, **options) -> Running:
        begun.append(Running(step_bundle, asked, "--out", tmp_path / "out.jsonl", *words, **options))
        return begun[-1]

    yield start
    for running in begun:
        end_group(running)


@pytest.fixture
def resumed_here(step_bundle, asked, tmp_path):
    """The same run, finished in this process."""
    return lambda: bulk(step_bundle, asked, tmp_path / "out.jsonl", engine="litert", resume=True)


def lines_of(content: bytes, whole: bytes) -> int:
    """How many whole lines of the undisturbed file stand in another."""
    assert content[: content.rfind(b"\n") + 1] == whole[: content.rfind(b"\n") + 1]
    return content.count(b"\n")


def test_a_run_that_is_killed_again_and_again_ends_as_the_undisturbed_one(run, whole, tmp_path):
    dice = random.Random(KILLS)  # noqa: S311 (no secret)
    out = tmp_path / "out.jsonl"
    workers, killed = [], 0
    for size in sorted(dice.randrange(len(whole)) for _ in range(KILLS)):
        running = run(*TWO, "--resume")
        running.wait_for(out, size)
        workers += running.children()
        killed += running.process.poll() is None
        running.kill()
        lines_of(out.read_bytes(), whole)
    assert run(*TWO, "--resume").ended() == (0, "")
    assert killed >= KILLS // 2
    assert out.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert left_over(workers) == []


# As Ctrl-C on a terminal, and as `kill`.
@pytest.mark.parametrize("send", [lambda pid: os.killpg(pid, signal.SIGINT), lambda pid: os.kill(pid, signal.SIGTERM)])
def test_a_run_that_is_interrupted_leaves_no_process_and_can_be_resumed(run, resumed_here, whole, tmp_path, send):
    running = run(*TWO)
    running.wait_for(tmp_path / "out.jsonl", 1000)
    children = running.children()
    send(running.process.pid)
    assert running.ended() == (EXIT_CODE, "edgeword: interrupted\n")
    assert len(children) >= 2
    assert left_over(children) == []
    assert lines_of((tmp_path / "out.jsonl").read_bytes(), whole) < COUNT
    resumed_here()
    assert (tmp_path / "out.jsonl").read_bytes() == whole


def test_a_worker_that_dies_ends_the_run(run, resumed_here, whole, tmp_path):
    running = run(*TWO)
    running.wait_for(tmp_path / "out.jsonl", 1000)
    first, second = running.workers()
    os.kill(second, signal.SIGKILL)
    code, err = running.ended()
    assert (code, one_line(err)) == (2, True)
    assert "a worker process was killed by signal 9; the lines so far are whole: go on with --resume" in err
    assert left_over([first, second]) == []
    resumed_here()
    assert (tmp_path / "out.jsonl").read_bytes() == whole


def test_a_full_disk_ends_a_run_that_can_be_resumed(run, resumed_here, whole, tmp_path):
    room = len(whole) // 3

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    running = run(*TWO, preexec_fn=limit)
    code, err = running.ended()
    assert (code, one_line(err)) == (2, True)
    assert "out.jsonl: File too large; free some space and go on with --resume" in err
    content = (tmp_path / "out.jsonl").read_bytes()
    assert content.endswith(b"\n")
    assert room / 2 < len(content) <= room
    lines_of(content, whole)
    resumed_here()
    assert (tmp_path / "out.jsonl").read_bytes() == whole


def test_an_interruption_while_workers_are_started_leaves_none(step_bundle, monkeypatch):
    """As where another thread is given the signal, for which it is not held back."""
    start = workers._started

    def interrupted(*given):
        started = start(*given)
        interruption._interrupt()
        return started

    monkeypatch.setattr(workers, "_started", interrupted)
    lm = load(step_bundle, "litert", "float32")
    with interruption.watched(), pytest.raises(KeyboardInterrupt):
        workers.Workers(lm, Asked(GenerationOptions(), None), 2).__enter__()
    assert multiprocessing.active_children() == []
