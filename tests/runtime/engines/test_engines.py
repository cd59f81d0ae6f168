"""The engines: what they refuse in one line, and the greedy word that is read from a graph."""

import types

import numpy as np
import pytest

from edgeword import EngineError
from edgeword.decoding.shared import prediction_of
from edgeword.engines.engine import ENGINES
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
