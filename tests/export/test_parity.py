"""Every model, in both formats and precisions, says what Keras says."""

from __future__ import annotations

import numpy as np
import pytest

from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import ENGINES
from edgeword.padding import Padding
from edgeword.precisions import PRECISIONS
from edgeword_export import formats
from edgeword_export.graphs.calibration import Calibration
from edgeword_export.proof.decode_mode import plan_replay, plan_step, plan_window
from edgeword_export.errors import NotSteppableError
from edgeword_export.proof.fidelity import largest_difference
from edgeword_export.source.keras_model import inspect_model, window_of
from edgeword_export.proof.reference import Reference
from tests.export.zoo import CASES
from tests.manifests import manifest_of
from tests.tiny import SEQUENCES, WINDOW

# As many as a masked window holds after the prompt; test_decode_mode and test_notebook go beyond.
GREEDY_WORDS = WINDOW - 3

# Precision → (largest difference of a log-probability, whether each greedy word must be the same). Random weights
# leave the quantizers no outliers to drown in, and no language to lean on: a difference is all of the rounding.
TOLERANCES = {
    "float32": (1e-4, True),
    "float16": (0.1, False),
    "dynamic-int8": (1.0, False),
    "dynamic-int8-per-tensor": (1.5, False),
    "static-int8": (3.0, False),
    "int16x8": (2.0, False),
    "int4": (6.0, False),
}


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request):
    model = request.param.make()
    source = inspect_model(model)
    window = window_of(source, WINDOW, Padding())
    try:
        plan = plan_step(source, window, False) if source.masked else plan_replay(source, "", None)
    except NotSteppableError:
        plan = plan_window(source, window, "")
    assert plan.decode.graph == request.param.graph
    return request.param.name, source, window, plan, Reference(source, window, windowed=True)


@pytest.mark.parametrize(("file_format", "engine"), [("tflite", "litert"), ("onnx", "onnx")])
def test_a_model_says_the_same_on_the_engine(case, file_format, engine):
    name, source, window, plan, reference = case
    texts = SEQUENCES[:3]
    writer = formats.writer(file_format, plan.signatures, Calibration(plan.signatures, plan.states, window, texts))
    expected = np.concatenate([reference.logprobs(ids) for ids in texts])
    prompt = SEQUENCES[0][:3]
    for precision, (tolerance, same_words) in TOLERANCES.items():
        if file_format not in PRECISIONS[precision].formats or not applies(name, source, plan, file_format, precision):
            continue
        content = writer.write(precision)
        # An unrolled window of a tiny model is more graph than weights.
        assert precision == "float32" or plan.decode.graph == "window" or len(content) < len(writer.write("float32"))
        make = decoder_factory(ENGINES[engine].open(content, 1), manifest_of(source, window, plan))
        answers = np.concatenate([answer(make(), ids) for ids in texts])
        assert largest_difference(answers, expected) <= tolerance, precision
        if same_words:
            assert greedy(make(), prompt, GREEDY_WORDS) == reference.greedy(prompt, GREEDY_WORDS)[0]


# LiteRT has no int16 form of SQUARED_DIFFERENCE, which layer normalization becomes.
NORMALIZED = ("layer-norm", "residual", "transformer")


def applies(name, source, plan, file_format, precision):
    """The mask of a window compares integers, which TFLite's full quantization has no operators for."""
    if precision == "int16x8" and name in NORMALIZED:
        return False
    masked_window = plan.decode.graph == "window" and source.masked
    return not (masked_window and file_format == "tflite" and precision in ("static-int8", "int16x8"))


def answer(decoder, ids):
    rows = []
    for end in range(1, len(ids) + 1):
        decoder.begin(ids[:end])
        decoder.predict()
        rows.append(decoder.logits().copy())
    logits = np.stack(rows)
    return (
        logits
        - np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1, keepdims=True))
        - logits.max(-1, keepdims=True)
    )


def greedy(decoder, prompt, words):
    decoder.begin(prompt)
    found = []
    for _ in range(words):
        found.append(decoder.predict()[0])
        decoder.push(found[-1])
    return found
