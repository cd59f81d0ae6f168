"""The decoders: laws that hold for each, and the Keras model's own answers."""

import dataclasses
import functools
import gc
import types
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert import interpreter as litert
from keras.utils import pad_sequences

import edgeword
from edgeword import BundleError, EngineError
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.spec import Decode
from edgeword.decoding.factory import decoder_factory
from edgeword.decoding.shared import _prediction_of
from edgeword.engines.engine import ENGINES
from edgeword.padding import Padding
from tests import tiny

BUNDLES = ("step", "replay", "window")
VARIANTS = [(engine, precision) for engine in ENGINES for precision in ("float32", "dynamic-int8")]
SHORT = tiny.SEQUENCES[0][:5]
LONG = [token for ids in tiny.SEQUENCES[:5] for token in ids]
CONTEXTS = {
    "empty": [],
    "one token": [2],
    "short": SHORT,
    "as long as the window": LONG[: tiny.WINDOW],
    "one more": LONG[: tiny.WINDOW + 1],
    "three windows": LONG[: 3 * tiny.WINDOW],
    "padding inside": [5, 0, 7, 0, 0, 9],
    "padding at its end": [5, 7, 0],
    "nothing but padding": [0, 0],
}


@pytest.fixture(scope="module", params=BUNDLES)
def path(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_bundle")


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def lm(path, request) -> edgeword.LanguageModel:
    return edgeword.load(path, *request.param)


@pytest.fixture(scope="module", params=ENGINES)
def float32(path, request) -> edgeword.LanguageModel:
    return edgeword.load(path, request.param, "float32")


@functools.cache
def keras_model(bundle: Path) -> keras.Model:
    return keras.models.load_model(bundle.parent / "model.keras")


def keras_logprobs(bundle: Path, contexts: list[list[int]], padding: Padding | None = None) -> np.ndarray:
    """What `pad_sequences` and `model.predict` of a notebook say after each context."""
    rule, model = padding or Padding(), keras_model(bundle)
    # A model without a window of its own reads every context whole, unless it is given one.
    length = model.input_shape[1] or (tiny.WINDOW if padding else max(map(len, contexts)))
    windows = pad_sequences(contexts, length, padding=rule.side, truncating=rule.truncating)
    return np.log(model.predict(windows, verbose=0))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    exact = logits.astype(np.float64)
    shifted = exact - exact.max()
    return shifted - np.log(np.exp(shifted).sum())


def begun(decoder, ids):
    decoder.begin(ids)
    return decoder


def words(decoder, count: int) -> list[tuple[int, float]]:
    predictions = []
    for _ in range(count):
        predictions.append(decoder.predict())
        decoder.push(predictions[-1][0])
    return predictions


def test_each_bundle_has_its_decode_mode(step_bundle, replay_bundle, window_bundle):
    decodes = [Bundle(path).manifest.decode for path in (step_bundle, replay_bundle, window_bundle)]
    assert [(decode.mode, decode.graph) for decode in decodes] == [
        ("step", "step"),
        ("window", "step"),
        ("window", "window"),
    ]


@pytest.mark.parametrize("ids", CONTEXTS.values(), ids=CONTEXTS)
def test_asking_twice_gives_the_same(lm, ids):
    decoder = begun(lm.decoder(), ids)
    first = decoder.predict()
    logits = decoder.logits().copy()
    assert decoder.predict() == first
    assert (decoder.logits() == logits).all()
    assert words(begun(lm.decoder(), ids), 4) == words(decoder, 4)


@pytest.mark.parametrize("cut", [0, 1, 4, 13, 30])
def test_pushing_is_beginning_with_a_longer_context(lm, cut):
    decoder = begun(lm.decoder(), LONG[:cut])
    for token in LONG[cut:]:
        decoder.push(token)
    assert decoder.predict() == begun(lm.decoder(), LONG).predict()


def test_asking_between_pushes_changes_nothing(lm):
    decoder = begun(lm.decoder(), [])
    for token in LONG[:20]:
        decoder.predict()
        decoder.push(token)
    expected = begun(lm.decoder(), LONG[:20])
    assert decoder.predict()[0] == expected.predict()[0]
    np.testing.assert_allclose(decoder.logits(), expected.logits(), atol=1e-5)


def test_beginning_again_forgets_all(lm):
    decoder = begun(lm.decoder(), LONG)
    words(decoder, 5)
    decoder.begin(SHORT)
    assert words(decoder, 5) == words(begun(lm.decoder(), SHORT), 5)


def test_a_context_is_left_as_it_was(lm):
    ids = list(SHORT)
    words(begun(lm.decoder(), ids), 3)
    assert ids == SHORT


def test_decoders_side_by_side_do_not_disturb_each_other(lm):
    contexts = [LONG, SHORT, [], [7]]
    expected = [words(begun(lm.decoder(), ids), 15) for ids in contexts]
    decoders = [begun(lm.decoder(), ids) for ids in contexts]
    found = [[] for _ in contexts]
    for turn in range(15):
        for place in np.random.default_rng(turn).permutation(len(contexts)):
            found[place] += words(decoders[place], 1)
    assert found == expected


def test_a_decoder_goes_on_after_another_one_began(lm):
    first = begun(lm.decoder(), LONG)
    begun(lm.decoder(), SHORT)
    assert words(first, 5) == words(begun(lm.decoder(), LONG), 5)


@pytest.mark.parametrize("ids", [SHORT, LONG, [1]], ids=["short", "long", "one"])
def test_the_prediction_is_the_greedy_one_of_the_logits(lm, ids):
    decoder = begun(lm.decoder(), ids)
    token, logprob = decoder.predict()
    assert (type(token), type(logprob)) == (int, float)
    assert decoder.logits().shape == (tiny.VOCABULARY,)
    assert token == decoder.logits().argmax()
    assert logprob == pytest.approx(log_softmax(decoder.logits()).max(), abs=1e-5)


def test_predictions_are_those_of_keras(float32):
    everything = keras_logprobs(Path(float32.bundle.path), list(CONTEXTS.values()))
    for (name, ids), expected in zip(CONTEXTS.items(), everything, strict=True):
        prediction = begun(float32.decoder(), ids).predict()
        assert prediction == (expected.argmax(), pytest.approx(expected.max(), abs=1e-5)), name


def test_logits_are_those_of_keras(float32):
    contexts = [ids for ids in CONTEXTS.values() if any(ids)]
    everything = keras_logprobs(Path(float32.bundle.path), contexts)
    for ids, expected in zip(contexts, everything, strict=True):
        decoder = begun(float32.decoder(), ids)
        decoder.predict()
        np.testing.assert_allclose(log_softmax(decoder.logits()), expected, atol=1e-4)


def test_padding_that_was_pushed_is_read_as_keras_reads_it(float32):
    decoder = begun(float32.decoder(), SHORT)
    for pushed in (0, 0, 3, 0):
        decoder.predict()
        decoder.push(pushed)
    expected = keras_logprobs(Path(float32.bundle.path), [[*SHORT, 0, 0, 3, 0]])[0]
    assert decoder.predict() == (expected.argmax(), pytest.approx(expected.max(), abs=1e-5))


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("bundle_name", BUNDLES)
def test_every_padding_rule_is_that_of_keras(bundle_name, side, truncating, request):
    """Each model decoded by window, the masked one too, under each rule."""
    path = request.getfixturevalue(f"{bundle_name}_bundle")
    manifest = Bundle(path).manifest
    padding = Padding(side, truncating)
    manifest = dataclasses.replace(
        manifest,
        decode=dataclasses.replace(manifest.decode, mode="window"),
        window=dataclasses.replace(manifest.window, length=tiny.WINDOW, padding=padding),
    )
    decoder = decoder_factory(engine_of(path), manifest)()
    everything = keras_logprobs(path, list(CONTEXTS.values()), padding)
    for (name, ids), expected in zip(CONTEXTS.items(), everything, strict=True):
        decoder.begin(ids)
        assert decoder.predict() == (expected.argmax(), pytest.approx(expected.max(), abs=1e-5)), name


def test_a_thousand_words_take_no_more_memory_than_one(lm):
    decoder = begun(lm.decoder(), SHORT)
    decoder.predict()
    address = decoder.logits().ctypes.data
    predictions = words(decoder, 1000)
    assert decoder.logits().ctypes.data == address
    assert all(0 <= token < tiny.VOCABULARY and -10 < logprob <= 0 for token, logprob in predictions)


def test_the_thousandth_word_is_still_that_of_its_context(lm):
    ids = [token for token, _ in words(begun(lm.decoder(), SHORT), 1000)]
    for count in (10, 500, 999):
        assert begun(lm.decoder(), [*SHORT, *ids[:count]]).predict()[0] == ids[count]


@pytest.mark.parametrize("name", BUNDLES)
def test_a_decoder_holds_the_bytes_that_its_weights_are_read_from(name, request, monkeypatch):
    """The native interpreter does not: without them it answers nonsense or crashes."""
    held = []

    class Watched(litert.Interpreter):
        def __init__(self, **options):
            super().__init__(**options)
            held.append(weakref.ref(self))

    monkeypatch.setattr(litert, "Interpreter", Watched)
    path = request.getfixturevalue(f"{name}_bundle")
    decoder = decoder_factory(engine_of(path), Bundle(path).manifest)()
    gc.collect()
    assert held[0]()._model_content
    decoder.begin(SHORT)
    assert held[0]() is not None
    del decoder
    gc.collect()
    assert held[0]() is None


def engine_of(path: Path, name: str = "litert"):
    bundle = Bundle(path)
    kind = ENGINES[name]
    variant = next(v for v in bundle.manifest.variants if (v.format, v.precision) == (kind.format, "float32"))
    return kind.open(bundle.read(variant), 1)


def state(**changes):
    def change(manifest):
        first, *others = manifest.state
        return dataclasses.replace(manifest, state=(dataclasses.replace(first, **changes), *others))

    return change


def decode(mode: str, graph: str):
    return lambda manifest: dataclasses.replace(manifest, decode=Decode(mode, graph, "", None))


MISFITS = {
    "unknown mode": ("step", decode("beam", "step"), "decode mode 'beam'"),
    "mode on the wrong graph": ("step", decode("step", "window"), "decode mode 'step' on graph 'window'"),
    "state of another name": ("step", state(name="hidden"), "hidden"),
    "state that would be broadcast": ("step", state(shape=(1, 1)), "state_0"),
    "state of another shape": ("step", state(shape=(1, 33)), "state_0"),
    "state of no memory in the world": ("step", state(shape=(1 << 40, 1 << 40)), "state_0"),
    "start that does not fill": ("step", state(start=(0.0, 1.0)), "the start of state_0"),
    "vocabulary of another width": ("step", lambda m: dataclasses.replace(m, vocabulary=43), "logits"),
    "width of the window graph": ("window", lambda m: dataclasses.replace(m, vocabulary=43), "logits"),
    "window of no length": (
        "window",
        lambda m: dataclasses.replace(m, window=dataclasses.replace(m.window, length=None)),
        "window.length",
    ),
    "replay of no length": (
        "replay",
        lambda m: dataclasses.replace(m, window=dataclasses.replace(m.window, length=None)),
        "window.length",
    ),
    "window of another length": (
        "window",
        lambda m: dataclasses.replace(m, window=dataclasses.replace(m.window, length=13)),
        "ids",
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "change", "fragment"), MISFITS.values(), ids=MISFITS)
def test_a_manifest_that_does_not_fit_the_file_is_refused(name, change, fragment, engine, request):
    path = request.getfixturevalue(f"{name}_bundle")
    with pytest.raises(BundleError) as refusal:
        decoder_factory(engine_of(path, engine), change(Bundle(path).manifest))
    assert fragment in str(refusal.value)
    assert "export the bundle again" in str(refusal.value)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "wanted"), [("step", "window"), ("window", "step")])
def test_a_graph_that_the_file_lacks_is_an_engine_error(name, wanted, engine, request):
    path = request.getfixturevalue(f"{name}_bundle")
    with pytest.raises(EngineError, match=f"has no graph '{wanted}'"):
        engine_of(path, engine).graph(wanted)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_token_beyond_the_model_is_an_engine_error(engine, step_bundle, capfd):
    graph = engine_of(step_bundle, engine).graph("step")
    graph.inputs["token"][0] = 1_000_000
    with pytest.raises(EngineError, match="failed: "):
        graph.run()
    graph.inputs["token"][0] = 1
    graph.run()
    assert "1000000" not in capfd.readouterr().err


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("content", [b"", b"garbage" * 1000])
def test_a_file_that_is_no_model_is_an_engine_error(engine, content):
    with pytest.raises(EngineError, match="refuses the file") as refusal:
        ENGINES[engine].open(content, 1)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("offset", [-1e30, -1000.0, -61.0, -59.0, 0.0, 59.0, 61.0, 1000.0, 1e30])
def test_the_log_probability_is_the_same_wherever_the_logits_lie(offset):
    logits = np.random.default_rng(0).normal(0, 3, 5000).astype(np.float32)
    logits = (logits - logits.max() + np.float32(offset)).astype(np.float32)
    token, logprob = _prediction_of(types.SimpleNamespace(outputs={"logits": logits[None]}))()
    expected = log_softmax(logits.astype(np.float64))
    assert token == int(logits.argmax())
    assert logprob == pytest.approx(expected[token], abs=1e-5)
