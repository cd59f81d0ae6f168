"""The peers, one row each, and how the harness times them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeword.engines.engine import ENGINES
from edgeword.precisions import PRECISIONS
from edgeword_bench.measuring.effort import Effort
from edgeword_bench.measuring.subject import Group, Subject
from studies.peers.task import STEP_WORDS, WINDOW_WORDS

EFFORT = Effort(processes=11, turns=3, words=1, most_words_a_turn=20_000, turn_s=0.1, least_s=0.0, most_processes=11)
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Peer:
    """One way to say the words: `ways.with_WAY.build(folder, **options)` makes its loop."""

    name: str
    way: str
    options: Mapping[str, Any] = field(default_factory=dict)
    precision: str = "float32"
    threads: int | None = 1
    """None: as many as the library takes where nobody tells it, one a core."""
    words: int = STEP_WORDS
    """In one go; no more than fit the window where the text is read again for each word."""
    library: str = "engines"
    """Peers of one library share their processes; those of several do not agree about threads and memory."""

    @property
    def exact(self) -> bool:
        """Whether it must say the Keras model's very words."""
        return self.precision == "float32"

    @property
    def module(self) -> str:
        """Where its loop is built."""
        return f"studies.peers.ways.with_{self.way}"

    def subject(self, folder: Path) -> Subject:
        """What the harness times."""
        named = {"folder": str(folder), "way": self.module, "options": dict(self.options)}
        return Subject(
            self.name, "studies.peers.subject:PeerSubject", {**named, "words": self.words, "exact": self.exact}
        )


def groups(peers: Sequence[Peer], folder: Path) -> list[Group]:
    """The peers of each library, with variables that keep its threads to what the rows say."""
    found: dict[str, list[Peer]] = {}
    for peer in peers:
        found.setdefault(peer.library, []).append(peer)
    return [
        Group(
            tuple(peer.subject(folder) for peer in same),
            {**child_environment(folder), **({} if None in {peer.threads for peer in same} else _ONE_THREAD)},
        )
        for same in found.values()
    ]


def child_environment(folder: Path) -> dict[str, str]:
    """Variables of a process that remembers nothing outside the folder and says little."""
    cache = str(folder.resolve() / "cache")
    return {"XDG_CACHE_HOME": cache, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


def _tensorflow(name: str, way: str) -> Peer:
    return Peer(name, "tensorflow", {"way": way}, threads=None, words=WINDOW_WORDS, library="tensorflow")


def _keras_onnx(name: str, kind: str, precision: str) -> Peer:
    options = {"file": f"keras-{kind}.{precision}.onnx", "kind": f"onnx {kind}"}
    return Peer(f"{name}, {precision}", "engine", options, precision, words=WINDOW_WORDS)


def _bare(engine: str, precision: str) -> Peer:
    options = {"file": f"step.{precision}.{ENGINES[engine].format}", "kind": f"{engine} step"}
    return Peer(f"bare {engine} step, {precision}", "engine", options, precision)


def _torch(name: str, precision: str, *, traced: bool) -> Peer:
    options = {"quantized": precision != "float32", "traced": traced}
    return Peer(f"{name}, {precision}", "torch", options, precision, library="torch")


def _edgeword(engine: str, precision: str) -> Peer:
    return Peer(f"edgeword {engine}, {precision}", "edgeword", {"engine": engine, "precision": precision}, precision)


_BOTH = ("float32", "dynamic-int8")

PEERS: tuple[Peer, ...] = (
    _tensorflow("notebook: pad_sequences + model.predict", "predict"),
    _tensorflow("tf.function on the padded window", "function"),
    _tensorflow("tf.function with XLA on the padded window", "xla"),
    *(_keras_onnx("Keras' ONNX export, padded window", "window", precision) for precision in _BOTH),
    *(_keras_onnx("Keras' ONNX export without mask, whole text", "text", precision) for precision in _BOTH),
    Peer("NumPy step", "numpy"),
    Peer("OpenVINO step, float32", "openvino", {"file": "step.float32.onnx"}, library="openvino"),
    *(_torch("PyTorch eager step", precision, traced=False) for precision in _BOTH),
    *(_torch("PyTorch traced step", precision, traced=True) for precision in _BOTH),
    *(_bare(engine, precision) for engine in ENGINES for precision in _BOTH),
    *(
        _edgeword(engine.name, row.name)
        for engine in ENGINES.values()
        for row in PRECISIONS.values()
        if engine.format in row.formats
    ),
)
