"""The peers, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeword.engines import ENGINES
from edgeword.precisions import PRECISIONS
from peers.task import STEP_WORDS, WINDOW_WORDS

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Peer:
    """One way to say the words: `module.build(folder, **options)` makes its loop, in a process of its own."""

    name: str
    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    precision: str = "float32"
    threads: int | None = 1
    """None: as many as the library takes where nobody tells it, one a core."""
    words: int = STEP_WORDS
    """In one go; no more than fit the window where the text is read again for each word."""

    @property
    def exact(self) -> bool:
        """Whether it must say the Keras model's very words."""
        return self.precision == "float32"

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that keep native thread pools to what the row says."""
        return ONE_THREAD if self.threads == 1 else {}


def _tensorflow(name: str, way: str) -> Peer:
    return Peer(name, "peers.tensorflow_loops", {"way": way}, threads=None, words=WINDOW_WORDS)


def _keras_onnx(name: str, kind: str, precision: str) -> Peer:
    options = {"file": f"keras-{kind}.{precision}.onnx", "kind": f"onnx {kind}"}
    return Peer(f"{name}, {precision}", "peers.engine_loops", options, precision, words=WINDOW_WORDS)


def _bare(engine: str, precision: str) -> Peer:
    options = {"file": f"step.{precision}.{ENGINES[engine].format}", "kind": f"{engine} step"}
    return Peer(f"bare {engine} step, {precision}", "peers.engine_loops", options, precision)


def _torch(name: str, precision: str, *, traced: bool) -> Peer:
    options = {"quantized": precision != "float32", "traced": traced}
    return Peer(f"{name}, {precision}", "peers.torch_loop", options, precision)


def _edgeword(engine: str, precision: str) -> Peer:
    options = {"engine": engine, "precision": precision}
    return Peer(f"edgeword {engine}, {precision}", "peers.edgeword_loop", options, precision)


_BOTH = ("float32", "dynamic-int8")

PEERS: tuple[Peer, ...] = (
    _tensorflow("notebook: pad_sequences + model.predict", "predict"),
    _tensorflow("tf.function on the padded window", "function"),
    _tensorflow("tf.function with XLA on the padded window", "xla"),
    *(_keras_onnx("Keras' ONNX export, padded window", "window", precision) for precision in _BOTH),
    *(_keras_onnx("Keras' ONNX export without mask, whole text", "text", precision) for precision in _BOTH),
    Peer("NumPy step", "peers.numpy_loop"),
    Peer("OpenVINO step, float32", "peers.openvino_loop", {"file": "step.float32.onnx"}),
    *(_torch("PyTorch eager step", precision, traced=False) for precision in _BOTH),
    *(_torch("PyTorch traced step", precision, traced=True) for precision in _BOTH),
    *(_bare(engine, precision) for engine in ENGINES for precision in _BOTH),
    *(
        _edgeword(kind.name, row.name)
        for kind in ENGINES.values()
        for row in PRECISIONS.values()
        if kind.format in row.formats
    ),
)
