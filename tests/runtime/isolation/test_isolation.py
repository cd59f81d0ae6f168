"""An engine in a process of its own: it says the same words, and where it dies its user does not."""

from __future__ import annotations

import pickle
import subprocess

import pytest

from edgeword import EngineError, load
from edgeword.engines.engine import ENGINES
from edgeword.isolation import engine as isolation

DEATHS = {
    "aborts": ("os.abort()", "the engine ends the process by SIGABRT"),
    "reads what is not its own": ("os.kill(os.getpid(), 11)", "the engine ends the process by SIGSEGV"),
    "leaves": ("os._exit(0)", "the engine ends the process with 0"),
    "leaves by an error": ("os._exit(3)", "the engine ends the process with 3"),
    "sleeps": ("time.sleep(600)", "the engine took more than 2 s and was ended"),
}
OPENING = {"opening": True, "running": False}
FIRST_RUN = {"opening": False, "running": True}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["step", "window"])
def test_it_says_the_same_words(engine, name, request):
    path = request.getfixturevalue(f"{name}_bundle")
    whole, apart = (load(path, engine, "float32", isolate=isolate) for isolate in (False, True))
    for prompt in ("", "the cell"):
        said, heard = whole.generate(prompt, 30), apart.generate(prompt, 30)
        assert said.ids == heard.ids
        assert said.logprobs == heard.logprobs
    assert whole.suggest("the") == apart.suggest("the")
    prompts = ["", "the cell", "the", "a cell reads"]
    many = [[said.ids for said in lm.generate_many(prompts, 10)] for lm in (whole, apart)]
    assert many[0] == many[1]
    assert whole.engine_version == apart.engine_version


@pytest.mark.parametrize(("what", "said"), DEATHS.values(), ids=DEATHS)
def test_an_engine_that_dies_in_its_trial_is_refused_by_name(step_bundle, dying, what, said):
    dying(what, FIRST_RUN)
    with pytest.raises(EngineError, match=rf"model\.float32\.onnx: onnxruntime .*{said}") as refusal:
        load(step_bundle, "onnx", "float32", isolate=True)
    assert len(str(refusal.value).splitlines()) == 1


def test_the_other_engine_goes_on(step_bundle, dying):
    dying(DEATHS["aborts"][0], OPENING)
    with pytest.warns(match=r"model\.float32\.onnx is not used here: onnxruntime .*SIGABRT"):
        assert load(step_bundle, isolate=True).generate("the cell", 3).ids


def test_an_engine_that_dies_later_is_an_engine_error_from_then_on(step_bundle, dying, tmp_path):
    now = tmp_path / "now"
    dying(DEATHS["aborts"][0], {"opening": False, "running": f"os.path.exists({str(now)!r})"})
    lm = load(step_bundle, "onnx", "float32", isolate=True)
    words = lm.stream("the cell", 400)
    next(words)
    now.touch()
    with pytest.raises(EngineError, match="the engine ends the process by SIGABRT"):
        list(words)
    with pytest.raises(EngineError, match="the engine ends the process by SIGABRT"):
        lm.generate("the cell")
    assert load(step_bundle, "litert", "float32").generate("the cell", 3).ids


def test_closing_ends_the_process(step_bundle, monkeypatch):
    started = []
    start = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *line, **options: started.append(start(*line, **options)) or started[-1]
    )
    lm = load(step_bundle, "litert", "float32", isolate=True)
    assert started[-1].poll() is None
    lm.close()
    assert [process.returncode for process in started] == [0, 0]  # of the trial, and of the model


def test_a_pickled_one_is_isolated_again(step_bundle):
    lm = load(step_bundle, "litert", "float32", isolate=True)
    again = pickle.loads(pickle.dumps(lm))  # noqa: S301 (its own)
    assert again._shared.origin.isolate
    assert again.generate("the cell").ids == lm.generate("the cell").ids


def test_a_graph_that_the_file_lacks_and_a_token_beyond_are_the_same_errors(step_bundle):
    content = (step_bundle / "model.float32.onnx").read_bytes()
    loaded = isolation.isolated(ENGINES["onnx"]).open(content, 1)
    with pytest.raises(EngineError, match="has no graph 'window'"):
        loaded.graph("window")
    graph = loaded.graph("step")
    graph.inputs["token"][0] = 1_000_000
    with pytest.raises(EngineError, match="failed: "):
        graph.run()
    graph.inputs["token"][0] = 1
    graph.run()
    with pytest.raises(EngineError, match="the file"):
        isolation.isolated(ENGINES["onnx"]).open(b"garbage", 1)
