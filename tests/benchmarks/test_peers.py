"""The peers: their words before their times, and each alone in what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peers import connection, interleaving, models, own_figures, run
from peers.interleaving import Row, measure
from peers.table import PEERS, Peer
from peers.task import STEP_WORDS, WINDOW_WORDS, Task

TINY = models.Sizes(50, 8, 16)
OPTIONAL = ("torch", "openvino")

# Modules of peers that say 1, 2, 3, …, as the task below expects, and what else they do.
COUNTING = """
from peers.loops import Loaded
def loop(prompt, words):
    return list(range(1, words + 1))
def build(folder):
    return Loaded(loop, "counting 1")
"""
FAKES = {
    "counting": COUNTING,
    "noisy": COUNTING
    + """
import os
def loop(prompt, words):
    print("noise on standard output")
    os.write(1, b'{"library": "noise"}\\n')
    return list(range(1, words + 1))
loop([], 0)
""",
    "aborting": COUNTING
    + """
import os, sys
def loop(prompt, words):
    print("assertion failed: rank", file=sys.stderr, flush=True)
    os.abort()
""",
    "leaving": "import os; os._exit(3)",
    "late": COUNTING
    + """
calls = []
def loop(prompt, words):
    calls.append(words)
    if len(calls) > 4:
        raise RuntimeError("out of memory")
    return list(range(1, words + 1))
""",
    "lacking": "import a_library_that_nobody_has",
    "sleeping": COUNTING + "\nimport time\nloop = lambda prompt, words: time.sleep(60)\n",
    "wrong": COUNTING + "\nloop = lambda prompt, words: [*range(1, words), 7]\n",
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files of a tiny model."""
    folder = tmp_path_factory.mktemp("peers")
    assert models.prepare(TINY, folder, ["float32", "dynamic-int8"]) == []
    return folder


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a task for the peers above, and their modules."""
    Task([5, 6, 7], list(range(1, STEP_WORDS + 1)), [[1], [2]], [1, 2]).save(tmp_path)
    for name, text in FAKES.items():
        (tmp_path / f"fake_{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def fake(name: str, precision: str = "float32") -> Peer:
    return Peer(name, f"fake_{name}", precision=precision, words=WINDOW_WORDS)


def measured(folder: Path, *peers: Peer, rounds: int = 2) -> list[Row]:
    return measure(peers, folder, rounds, turn_seconds=0.001, report=lambda _line: None)


def test_the_words_of_the_tiny_model_differ(prepared: Path) -> None:
    assert len(set(Task.load(prepared).words[:WINDOW_WORDS])) > WINDOW_WORDS // 2


def test_each_float32_peer_that_is_here_says_the_words_of_the_notebook(prepared: Path) -> None:
    rows = measured(prepared, *(peer for peer in PEERS if peer.exact), rounds=1)
    here = [row for row in rows if not (row.reason or "").startswith("ModuleNotFoundError")]
    assert {row.peer.name: row.reason for row in here if row.reason} == {}
    assert all(len(row.times_us) == 1 and row.library for row in here)
    assert all(row.peer.module.split(".")[1].startswith(OPTIONAL) for row in rows if row not in here)


def test_quantized_peers_are_compared_word_by_word(prepared: Path) -> None:
    names = ("Keras' ONNX export without mask, whole text, dynamic-int8", "edgeword litert, dynamic-int8")
    rows = measured(prepared, *(peer for peer in PEERS if peer.name in names), rounds=1)
    assert all(row.reason is None and row.agreement > 0.8 for row in rows)


def test_the_figures_of_the_project_and_the_table(prepared: Path) -> None:
    rows = [Row(peer, times_us=[2.0, 4.0]) for peer in PEERS]
    figures = own_figures.own_figures(rows, prepared, runs=1)
    assert figures["cold_start"]["litert"]["ratio"] > 0
    assert figures["flatness"]["onnx"]["ratio"] > 0
    assert figures["time_ratios"][0]["ratio"] == 1
    assert [row["ratio"] is None for row in figures["size_ratios"]] == [False, True, False, True]
    result = {
        "model": {"name": "T", "vocabulary": 50, "embedding": 8, "units": 16},
        "peers": run.peer_rows(rows),
        "figures": figures,
        "notes": [*run.NOTES, "keras-text.float32.onnx: no converter"],
    }
    assert "NumPy step" in run.table(json.loads(json.dumps(result, allow_nan=False)))


def test_what_goes_wrong_with_one_peer_is_only_its_row(counting: Path) -> None:
    rows = measured(counting, *map(fake, ("counting", "aborting", "leaving", "lacking", "late", "noisy")))
    assert [row.reason for row in rows] == [
        None,
        "died of SIGABRT: assertion failed: rank",
        "ended with exit code 3",
        "ModuleNotFoundError: No module named 'a_library_that_nobody_has'",
        "RuntimeError: out of memory",
        None,
    ]
    assert [len(row.times_us) for row in rows] == [2, 0, 0, 0, 0, 2]
    assert rows[-1].library == "counting 1"


def test_a_float32_peer_with_other_words_has_no_time(counting: Path) -> None:
    exact, quantized = measured(counting, fake("wrong"), fake("wrong", "dynamic-int8"))
    assert exact.reason == f"says other words than the Keras model, from word {WINDOW_WORDS} on"
    assert exact.times_us == []
    assert (quantized.reason, quantized.agreement, len(quantized.times_us)) == (None, 0, 2)


def test_a_peer_that_does_not_answer_is_given_up(counting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 1.0)
    sleeping, other = measured(counting, fake("sleeping"), fake("counting"))
    assert sleeping.reason == "no answer within 1 s"
    assert other.reason is None


def test_a_row_without_times_has_no_figure() -> None:
    (row,) = run.peer_rows([interleaving.Row(PEERS[0], reason="died of SIGSEGV")])
    assert (row["p50_us"], row["interval_us"], row["cores_busy"]) == (None, None, None)
