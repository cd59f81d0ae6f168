"""The whole run: models made, peers measured, one JSON file and one table for each model."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from edgeword_bench.measuring.effort import Effort
from edgeword_bench.measuring.harness import Harness
from edgeword_bench.measuring.machine import moment
from edgeword_bench.report.tables import text_table
from edgeword_bench.results.summary import times_of, word_figures
from studies.machine_facts import environment
from studies.peers.columns import PEER_COLUMNS, by_time, ratio
from studies.peers.figures import own_figures
from studies.peers.models import MODELS, prepare
from studies.peers.table import EFFORT, PEERS, Peer, groups
from studies.peers.task import PROMPT_WORDS, QUESTIONS, STEP_WORDS, WINDOW, WINDOW_WORDS

_PACKAGES = ("tensorflow", "keras", "tf2onnx", "torch", "openvino")

NOTES = (
    (
        f"A time is that of a whole call over its words, the prompt of {PROMPT_WORDS} tokens read in it; the median "
        f"over all calls, in {EFFORT.processes} fresh processes, with the order statistics of the processes' medians "
        "that hold it with at least 95 %. Peers of one library share their processes and take turns there."
    ),
    (
        f"Steps say {STEP_WORDS} words in one go. What reads the text again for each word says {WINDOW_WORDS}, which "
        f"fit its window of {WINDOW}; without a window, a word costs more the longer the text."
    ),
    (
        f"Float32 peers said the Keras model's words in every call: the notebook's {WINDOW_WORDS}, and up to "
        f"{STEP_WORDS} by the NumPy step. Another word, and there is no time."
    ),
    (
        f"Agreement: the share of {QUESTIONS} prompts of random words that are followed by the Keras model's word. "
        "The weights are random, with words closer to each other than in a trained model."
    ),
    "Ratios of times are medians over the processes, the first over the first, the second over the second.",
    (
        "Not measured here: a TensorFlow step with its state carried along, LiteRT on the padded window straight from "
        "Keras (its converter refuses the model), torch.compile (no faster than eager in a trial), OpenVINO in int8."
    ),
    "Threads: 1, or its own: as many as TensorFlow takes by itself.",
)


def run(models: Iterable[str], out: Path) -> None:
    """Measure the models by name and write `peers-NAME.json` for each."""
    out.mkdir(parents=True, exist_ok=True)
    for name in models:
        with tempfile.TemporaryDirectory(prefix="edgeword-peers-") as folder:
            result = measured(name, Path(folder).resolve())
        path = out / f"peers-{name}.json"
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(*lines(result), f"raw times: {path}", sep="\n", flush=True)


def measured(name: str, folder: Path) -> dict[str, Any]:
    """All that is known of one model."""
    before = moment()
    _tell(f"model {name}: writing all files")
    missing = prepare(MODELS[name], folder)
    harness = timed(PEERS, folder)
    _tell("flatness, cold start")
    return {
        "model": {"name": name, **asdict(MODELS[name])},
        "environment": environment(before, 1, _PACKAGES),
        "peers": [peer_row(peer, harness, folder) for peer in PEERS],
        "figures": own_figures(harness.times, folder),
        "notes": [*NOTES, *missing],
    }


def timed(peers: Sequence[Peer], folder: Path, effort: Effort = EFFORT) -> Harness:
    """The harness after its run."""
    harness, rounds = Harness(groups(peers, folder), effort, _tell), count(1)
    harness.run(lambda: bool(_tell(f"{next(rounds)} of {effort.processes} rounds")))
    return harness


def peer_row(peer: Peer, harness: Harness, folder: Path) -> dict[str, Any]:
    """What is known of a peer; without a time, its reason."""
    processes = harness.times.get(peer.name, [])
    facts = processes[0].facts if processes else {}
    figures, reason = word_figures(times_of(processes)), harness.reasons.get(peer.name)
    if not processes and reason is None:
        reason = harness.failures[-1] if harness.failures else "nothing was timed"
    busy = [share for process in processes for share in process.cores_busy]
    return {
        "name": peer.name,
        "library": facts.get("library"),
        "threads": peer.threads,
        "precision": peer.precision,
        "words": peer.words,
        "p50_us": figures["p50_us"],
        "interval_us": figures["p50_interval_us"],
        "cores_busy": float(np.median(busy)) if busy else None,
        "agreement": facts.get("agreement"),
        "reason": reason.replace(f"{folder}/", "") if reason else None,
        "times_us": times_of(processes),
    }


def lines(result: dict[str, Any]) -> list[str]:
    """The peers as a table, fastest first, then the figures."""
    model, figures = result["model"], result["figures"]
    ratios = [(f"{row['what']}, {row['below']}", row["ratio"]) for row in figures["time_ratios"]]
    ratios += [(f"size, {row['what']}", row["ratio"]) for row in figures["size_ratios"]]
    ratios += [
        (f"{what}, {engine}", found["ratio"])
        for key, what in (("flatness", "words 1,000 to 1,100 over words 10 to 110"), ("cold_start", "cold start"))
        for engine, found in figures[key].items()
    ]
    return [
        f"\nmodel {model['name']}: {described(model)}",
        *text_table(PEER_COLUMNS, by_time(result["peers"])),
        *(f"{what}: {ratio(value)}" for what, value in ratios),
        *result["notes"][len(NOTES) :],
    ]


def described(model: dict[str, Any]) -> str:
    """The sizes of a model in words."""
    return f"vocabulary {model['vocabulary']:,}, embedding {model['embedding']}, LSTM {model['units']}"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
