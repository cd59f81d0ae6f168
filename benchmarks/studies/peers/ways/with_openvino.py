"""The float32 step file in OpenVINO: latency hint, one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino

from studies.peers.ways.loops import Loaded, stepping

# bfloat16 would be OpenVINO's own choice on some processors.
_SETTINGS = {
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
}


def build(folder: Path, file: str) -> Loaded:
    """One inference request, fed with arrays that it shares."""
    compiled = openvino.Core().compile_model(str(folder / file), "CPU", _SETTINGS)
    request = compiled.create_infer_request()
    states = {port.any_name: tuple(port.shape) for port in compiled.inputs if port.any_name != "token"}
    ports = ["logits", *(f"next_{name}" for name in states)]
    outputs = [compiled.output(name) for name in ports]

    def step(token: int, values: Any) -> tuple[Any, Any]:
        feeds = {"token": np.array([token], np.int32), **dict(zip(states, values, strict=True))}
        results = request.infer(feeds, share_inputs=True, share_outputs=True)
        logits, *after = (results[port] for port in outputs)
        # The request writes the next state where this one lies.
        return logits, [value.copy() for value in after]

    version = openvino.__version__.partition("-")[0]
    return Loaded(
        stepping(step, lambda: [np.zeros(shape, np.float32) for shape in states.values()]), f"openvino {version}"
    )
