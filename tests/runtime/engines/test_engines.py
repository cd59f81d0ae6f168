"""The engines: what they refuse in one line, and the greedy word that is read from a graph."""

import importlib
import types
import warnings

import numpy as np
import pytest

from edgeword import EngineError
from edgeword.bundle.bundle import Bundle
from edgeword.decoding.batches.answering import WideGraph
from edgeword.decoding.shared import finite, prediction_of
from edgeword.engines.engine import ENGINES
from edgeword.model_files.layout import Tensor
from edgeword.probabilities import log_softmax
from tests.runtime.opened import open_variant


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "wanted"), [("step", "window"), ("window", "step")])
def test_a_graph_that_the_file_lacks_is_an_engine_error(name, wanted, engine, request):
    path = request.getfixturevalue(f"{name}_bundle")
    with pytest.raises(EngineError, match=f"has no graph '{wanted}'"):
        open_variant(path, engine).graph(wanted)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_token_beyond_the_model_is_an_engine_error(engine, step_bundle, capfd):
    graph = open_variant(step_bundle, engine).graph("step")
    graph.inputs["token"][0] = 1_000_000
    with pytest.raises(EngineError, match="failed: "):
        graph.run()
    graph.inputs["token"][0] = 1
    graph.run()
    assert "1000000" not in capfd.readouterr().err


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("content", [b"", b"garbage" * 1000])
def test_a_file_that_is_no_model_is_an_engine_error(engine, content):
    with pytest.raises(EngineError, match="the file ") as refusal:
        ENGINES[engine].open(content, 1)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("offset", [-1e30, -1000.0, -61.0, -59.0, 0.0, 59.0, 61.0, 1000.0, 1e30])
def test_the_log_probability_is_the_same_wherever_the_logits_lie(offset):
    logits = np.random.default_rng(0).normal(0, 3, 5000).astype(np.float32)
    logits = (logits - logits.max() + np.float32(offset)).astype(np.float32)
    token, logprob = prediction_of(types.SimpleNamespace(outputs={"logits": logits[None]}))()
    expected = log_softmax(logits.astype(np.float64))
    assert token == int(logits.argmax())
    assert logprob == pytest.approx(expected[token], abs=1e-5)


NO_NUMBERS = {
    "nan": [1.0, np.nan, 2.0],
    "infinity": [1.0, np.inf, 2.0],
    "nothing possible": [-np.inf] * 3,
    "nan beside infinity": [np.nan, np.inf, 0.0],
}


@pytest.mark.parametrize("values", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_logits_that_are_no_numbers_are_an_engine_error(values):
    logits = np.array(values, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(EngineError, match="the model answers -?(nan|inf), which is no probability"):
            prediction_of(types.SimpleNamespace(outputs={"logits": logits[None]}))()
        with pytest.raises(EngineError, match="which is no probability"):
            finite(logits)


@pytest.mark.parametrize("values", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_in_a_row_of_a_batch_they_are_as_well(values):
    logits = np.array([[0.0, 1.0, 2.0], values], np.float32)
    wide = WideGraph(types.SimpleNamespace(outputs={"logits": logits}), 2)
    assert wide.predictions(1)[0][0] == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(EngineError, match="which is no probability"):
            wide.predictions(2)


def test_a_word_that_a_row_of_a_batch_names_is_one():
    outputs = {
        "logits": np.zeros((2, 3), np.float32),
        "next_token": np.array([1, 3], np.int32),
        "logprob": np.full(2, -1, np.float32),
    }
    wide = WideGraph(types.SimpleNamespace(outputs=outputs), 2)
    assert wide.predictions(1) == [(1, -1.0)]
    with pytest.raises(EngineError, match="names a word that is no id below 3"):
        wide.predictions(2)


def test_a_word_of_no_probability_beside_others_is_none_of_the_model_s_faults():
    logits = np.array([1.0, -np.inf, 2.0], np.float32)
    assert finite(logits) is logits
    assert prediction_of(types.SimpleNamespace(outputs={"logits": logits[None]}))()[0] == 2


@pytest.mark.parametrize(
    ("token", "logprob", "fragment"),
    [
        (3, -1.0, "names the word 3, which is no id below 3"),
        (-1, -1.0, "names the word -1"),
        (1, np.nan, "answers nan"),
        (1, np.inf, "answers inf"),
        (1, -np.inf, "answers -inf"),
    ],
)
def test_a_word_that_the_graph_names_is_one(token, logprob, fragment):
    outputs = {
        "logits": np.zeros((1, 3), np.float32),
        "next_token": np.array([token], np.int32),
        "logprob": np.array([logprob], np.float32),
    }
    with pytest.raises(EngineError, match=fragment):
        prediction_of(types.SimpleNamespace(outputs=outputs))()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["step", "replay", "window", "all_precisions"])
def test_the_file_shows_what_the_engine_opens(name, engine, request):
    bundle = Bundle(request.getfixturevalue(f"{name}_bundle"))
    for variant in bundle.manifest.variants:
        if variant.format != ENGINES[engine].format:
            continue
        content = bundle.read(variant)
        layouts = importlib.import_module(f"edgeword.model_files.{variant.format}").read(content)
        loaded = ENGINES[engine].open(content, 1)
        for signature, layout in layouts.items():
            graph = loaded.graph(signature)
            for shown, opened in ((layout.inputs, graph.inputs), (layout.outputs, graph.outputs)):
                assert shown == {key: Tensor(array.dtype.name, array.shape) for key, array in opened.items()}
