"""Every model, in both formats and precisions, says what Keras says."""

from __future__ import annotations

import numpy as np
import pytest

from edgeword.decoding import decoder_factory
from edgeword.engines import ENGINES
from edgeword.padding import Padding
from edgeword_export import formats
from edgeword_export.decode_mode import plan_replay, plan_step, plan_window
from edgeword_export.errors import NotSteppableError
from edgeword_export.fidelity import largest_difference
from edgeword_export.keras_model import inspect_model, window_of
from edgeword_export.reference import Reference
from edgeword_export.tflite import operators
from tests.export.zoo import CASES
from tests.manifests import manifest_of
from tests.tiny import SEQUENCES, WINDOW

GREEDY_WORDS = 30

# Precision → (largest difference of a log-probability, whether each greedy word must be the same).
TOLERANCES = {"float32": (1e-4, True), "dynamic-int8": (1.0, False)}


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
    return source, window, plan, Reference(source, window, windowed=True)


@pytest.mark.parametrize(("file_format", "engine"), [("tflite", "litert"), ("onnx", "onnx")])
def test_a_model_says_the_same_on_the_engine(case, file_format, engine):
    source, window, plan, reference = case
    writer = formats.writer(file_format, plan.signatures)
    expected = np.concatenate([reference.logprobs(ids) for ids in SEQUENCES[:4]])
    prompt = SEQUENCES[0][:3]
    sizes = []
    for precision, (tolerance, same_words) in TOLERANCES.items():
        content = writer.write(precision)
        sizes.append(len(content))
        if file_format == "tflite":
            assert not [name for name in operators(content) if name.startswith("Flex")]
        make = decoder_factory(ENGINES[engine].open(content, 1), manifest_of(source, window, plan))
        answers = np.concatenate([answer(make(), ids) for ids in SEQUENCES[:4]])
        assert largest_difference(answers, expected) <= tolerance
        if same_words:
            assert greedy(make(), prompt, WINDOW - 3) == reference.greedy(prompt, WINDOW - 3)[0]
    assert sizes[1] < sizes[0]


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
