"""The peers: their words before their times, and each alone in what goes wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edgeword_bench import Effort
from edgeword_bench.measuring.harness import Harness
from edgeword_bench.measuring.subject import SubjectTimes, Turn
from studies.peers import figures, models, run, subject
from studies.peers.columns import by_time
from studies.peers.subject import PeerSubject
from studies.peers.table import PEERS, Peer, groups
from studies.peers.task import STEP_WORDS, WINDOW_WORDS, Task
from studies.peers.ways.loops import Loaded

TINY = models.Sizes(50, 8, 16)
OPTIONAL = ("torch", "openvino")
ONCE = Effort(processes=1, turns=1, words=1, turn_s=0, least_s=0, most_processes=1)

# A way that says 1, 2, 3, …, as the task below expects, and what else it does.
COUNTING = """
from studies.peers.ways.loops import Loaded
def loop(prompt, words):
    return list(range(1, words + 1))
def build(folder):
    return Loaded(loop, "counting 1")
"""
FAKES = {
    "counting": COUNTING,
    "noisy": COUNTING + "\nprint('{}')\nimport os; os.write(1, b'{\"subjects\": []}')\n",
    "aborting": COUNTING + "\nimport os\nloop = lambda prompt, words: os.abort()\n",
    "leaving": "import os; os._exit(3)",
    "lacking": "import a_library_that_nobody_has",
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files of a tiny model."""
    folder = tmp_path_factory.mktemp("peers")
    assert models.prepare(TINY, folder, ["float32", "dynamic-int8"]) == []
    return folder


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a task that a loop which counts fulfils."""
    Task([5, 6, 7], list(range(1, STEP_WORDS + 1)), [[1], [2]], [1, 2]).save(tmp_path)
    return tmp_path


def row(peer: Peer, harness: Harness, folder: Path) -> dict:
    return run.peer_row(peer, harness, folder)


def test_the_words_of_the_tiny_model_differ(prepared: Path) -> None:
    assert len(set(Task.load(prepared).words[:WINDOW_WORDS])) > WINDOW_WORDS // 2


def test_each_peer_that_is_here_says_its_words_and_is_timed(prepared: Path) -> None:
    """The float32 ones say the notebook's very words; the others are compared word by word."""
    held = ("float32", "dynamic-int8")
    peers = [peer for peer in PEERS if peer.precision in held]
    harness = run.timed(peers, prepared, ONCE)
    rows = [row(peer, harness, prepared) for peer in peers]
    here = [found for found in rows if not (found["reason"] or "").startswith("ModuleNotFoundError")]
    assert {found["name"]: found["reason"] for found in here if found["reason"]} == {}
    assert all(found["library"] and found["times_us"] and found["cores_busy"] > 0 for found in here)
    missing = [peer for peer, found in zip(peers, rows, strict=True) if found not in here]
    assert {peer.library for peer in missing} <= set(OPTIONAL)
    agreements = [found["agreement"] for found in here if found["precision"] != "float32"]
    assert agreements
    assert min(agreements) > 0.8


def test_the_figures_of_the_project_and_the_table(prepared: Path) -> None:
    times = {peer.name: [SubjectTimes(peer.name, {}, 1, True, (Turn((2.0, 4.0)),))] * 11 for peer in PEERS}
    found = figures.own_figures(times, prepared, runs=11)
    assert found["cold_start"]["litert"]["ratio"] > 0
    assert found["flatness"]["onnx"]["ratio"] > 0
    assert (found["time_ratios"][0]["ratio"], found["time_ratios"][0]["interval"]) == (1, (1, 1))
    assert [one["ratio"] is None for one in found["size_ratios"]] == [False, True, False, True]
    harness = Harness([], ONCE, lambda _line: None)
    harness.times.update(times)
    result = {
        "model": {"name": "T", "vocabulary": 50, "embedding": 8, "units": 16},
        "peers": [row(peer, harness, prepared) for peer in PEERS],
        "figures": found,
        "notes": [*run.NOTES, "keras-text.float32.onnx: no converter"],
    }
    text = "\n".join(run.lines(json.loads(json.dumps(result, allow_nan=False))))
    assert "NumPy step" in text
    assert "keras-text.float32.onnx: no converter" in text


def test_peers_of_one_library_share_their_processes(tmp_path: Path) -> None:
    found = groups(PEERS, tmp_path)
    shared = [{subject.options["way"].rpartition(".")[2] for subject in group.subjects} for group in found]
    assert {"with_edgeword", "with_engine", "with_numpy"} in shared
    assert {"with_tensorflow"} in shared
    threads = {ways.pop(): group.environment.get("OMP_NUM_THREADS") for ways, group in zip(shared, found, strict=True)}
    assert threads["with_tensorflow"] is None
    assert threads["with_torch"] == "1"


def test_what_goes_wrong_with_one_peer_is_only_its_row(counting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FAKES.items():
        (counting / "studies_fakes").mkdir(exist_ok=True)
        (counting / "studies_fakes" / f"fake_{name}.py").write_text(text, encoding="utf-8")
    path = [str(counting / "studies_fakes"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    peers = [Peer(name, name, words=WINDOW_WORDS) for name in FAKES]
    monkeypatch.setattr(Peer, "module", property(lambda peer: f"fake_{peer.way}"))
    harness = run.timed(peers, counting, ONCE)
    assert {peer.name: row(peer, harness, counting)["reason"] for peer in peers} == {
        "counting": None,
        "noisy": None,
        "aborting": "the process died of SIGABRT",
        "leaving": "the process ended with exit code 3: without a word",
        "lacking": "ModuleNotFoundError: No module named 'a_library_that_nobody_has'",
    }
    assert harness.times["noisy"][0].facts == {"library": "counting 1", "agreement": None}


def fake(monkeypatch: pytest.MonkeyPatch, loop: object) -> None:
    """Let each way be this loop."""
    module = type("Way", (), {"build": staticmethod(lambda folder: Loaded(loop, "fake 1"))})
    monkeypatch.setattr(subject, "import_module", lambda _name: module)


def count(prompt: list[int], words: int) -> list[int]:
    return list(range(1, words + 1))


def test_a_peer_that_must_be_exact_and_says_another_word_is_refused(
    counting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(monkeypatch, lambda prompt, words: [*range(1, words), 7])
    with pytest.raises(ValueError, match=f"other words than the Keras model, from word {WINDOW_WORDS} on"):
        PeerSubject(str(counting), "any", {}, WINDOW_WORDS, exact=True)
    quantized = PeerSubject(str(counting), "any", {}, WINDOW_WORDS, exact=False)
    assert quantized.facts == {"library": "fake 1", "agreement": 0}


def test_its_words_are_checked_in_every_call(counting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    fake(monkeypatch, lambda prompt, words: calls.append(1) or count(prompt, words)[: 99 if len(calls) < 4 else 2])
    peer = PeerSubject(str(counting), "any", {}, WINDOW_WORDS, exact=True)
    peer.turn(2 * WINDOW_WORDS)
    with pytest.raises(ValueError, match="from word 3 on"):
        peer.turn(1)


def test_a_turn_is_of_whole_calls(counting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, count)
    peer = PeerSubject(str(counting), "any", {}, WINDOW_WORDS, exact=True)
    assert [len(peer.turn(words).words_us) for words in (1, WINDOW_WORDS, 5 * WINDOW_WORDS)] == [1, 1, 5]


def test_a_row_without_times_has_no_figure_and_comes_last(tmp_path: Path) -> None:
    harness = Harness(groups(PEERS[:2], tmp_path), ONCE, lambda _line: None)
    harness.give_up(PEERS[0].name, f"cannot read {tmp_path}/model.keras")
    found = row(PEERS[0], harness, tmp_path)
    assert (found["p50_us"], found["interval_us"], found["cores_busy"]) == (None, None, None)
    assert found["reason"] == "cannot read model.keras"
    assert row(PEERS[1], harness, tmp_path)["reason"] == "nothing was timed"
    assert [one["over_fastest"] for one in by_time([found, {**found, "p50_us": 3.0}])] == [1.0, None]
