"""Every model, in both formats, says what Keras says; each precision on one model of each kind."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edgeword.bundle.spec import Decode, EmptyPrompt, Spec
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import engine_of
from edgeword.generation.loop import greedy
from edgeword.padding import Padding
from edgeword.precisions import FORMATS, PRECISIONS
from edgeword.probabilities import log_softmax
from edgeword_export.formats.writer import writer
from edgeword_export.graphs.calibration import Calibration
from edgeword_export.graphs.graphs import graphs_of
from edgeword_export.proof.fidelity import largest_difference
from edgeword_export.source.keras_model import inspect_model, window_of
from edgeword_export.witness.reference import Reference
from tests.export.graphs.zoo import CASES, OVER_TIME
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

# What a graph is made of decides whether it converts; how it is rounded, its kind: one model of each for the rest.
ALL_PRECISIONS = ("lstm", "gru", "peephole-lstm", "tied-embeddings", "residual", "conv1d")
RULE = {"tflite": ("float32",), "onnx": ("float32", "dynamic-int8")}

EMPTY = EmptyPrompt((0,), (0.0,))

# LiteRT has no int16 form of SQUARED_DIFFERENCE, which layer normalization becomes.
NO_INT16 = ("residual",)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request):
    """A model as the exporter sees it: its graphs, its spec, and what Keras says of a padded window."""
    source = inspect_model(request.param.make())
    window = window_of(source, WINDOW, Padding())
    graphs = graphs_of(source, window, windowed=False)
    assert (graphs.name, request.param.why in graphs.reason) == (request.param.graph, True)
    reference = Reference(source, window, windowed=True)
    mode = "step" if graphs.window.masked and graphs.name == "step" else "window"
    spec = Spec(source.vocabulary, Decode(mode, graphs.name), graphs.window, graphs.states, EMPTY)
    return request.param.name, graphs, spec, reference


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_model_says_the_same_on_the_engine(case, file_format):
    name, graphs, spec, reference = case
    texts, prompt = SEQUENCES[:3], SEQUENCES[0][:3]
    written = writer(file_format, graphs.signatures)
    samples = Calibration(graphs.signatures, spec, texts)
    expected = np.concatenate([reference.logprobs(ids) for ids in texts])
    for precision in precisions(name, file_format):
        tolerance, same_words = TOLERANCES[precision]
        content = written.write(precision, samples)
        # An unrolled window of a tiny model is more graph than weights.
        assert precision == "float32" or graphs.name == "window" or len(content) < len(written.write("float32"))
        make = decoder_factory(engine_of(file_format).open(content, 1), spec)
        answers = np.concatenate([answer(make(), ids) for ids in texts])
        assert largest_difference(answers, expected) <= tolerance, precision
        if same_words:
            decoder = make()
            decoder.begin(prompt)
            words = [token for token, _ in itertools.islice(greedy(decoder), GREEDY_WORDS)]
            assert words == reference.greedy(prompt, GREEDY_WORDS)[0]


def precisions(name, file_format):
    wanted = TOLERANCES if name in ALL_PRECISIONS else RULE[file_format] if name not in OVER_TIME else ("float32",)
    left_out = ("int16x8",) if name in NO_INT16 else ()
    return [each for each in wanted if file_format in PRECISIONS[each].formats and each not in left_out]


def answer(decoder, ids):
    """Log-probabilities after each token, every prefix read anew."""
    rows = []
    for end in range(1, len(ids) + 1):
        decoder.begin(ids[:end])
        rows.append(decoder.logits())
    return log_softmax(np.stack(rows))


def test_the_models_that_stand_for_their_kinds_are_in_the_zoo():
    assert set(ALL_PRECISIONS) <= {case.name for case in CASES}
    assert set(TOLERANCES) == set(PRECISIONS)
