"""The decoders: laws that hold for each, and the Keras model's own answers."""

import dataclasses
import gc
import itertools
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import interpreter as litert

import edgeword
from edgeword import EngineError, UsageError
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.spec import Decode
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import ENGINES
from edgeword.generation.loop import greedy
from edgeword.padding import Padding
from edgeword.probabilities import log_softmax
from tests import tiny
from tests.golden import greedy_of, logprobs_of
from tests.runtime.opened import decoder_of, open_variant
from tests.tiny import CONTEXTS, LONG, SHORT

BUNDLES = ("step", "replay", "window")
VARIANTS = [(engine, precision) for engine in ENGINES for precision in ("float32", "dynamic-int8")]


@pytest.fixture(scope="module", params=BUNDLES)
def path(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_bundle")


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def lm(path, request) -> edgeword.LanguageModel:
    return edgeword.load(path, *request.param)


@pytest.fixture(scope="module", params=ENGINES)
def float32(path, request) -> edgeword.LanguageModel:
    return edgeword.load(path, request.param, "float32")


def begun(decoder, ids):
    decoder.begin(ids)
    return decoder


def words(decoder, count: int) -> list[tuple[int, float]]:
    return list(itertools.islice(greedy(decoder), count))


def test_each_bundle_has_its_decode_mode(step_bundle, replay_bundle, window_bundle):
    decodes = [Bundle(path).spec.decode for path in (step_bundle, replay_bundle, window_bundle)]
    assert decodes == [Decode("step", "step"), Decode("window", "step"), Decode("window", "window")]


@pytest.mark.parametrize("ids", CONTEXTS.values(), ids=CONTEXTS)
def test_asking_twice_gives_the_same(lm, ids):
    decoder = begun(lm.decoder(), ids)
    first, logits = decoder.greedy(), decoder.logits()
    assert decoder.greedy() == first
    assert (decoder.logits() == logits).all()
    assert words(begun(lm.decoder(), ids), 4) == words(decoder, 4)


def test_logits_are_the_callers_own(lm):
    decoder = begun(lm.decoder(), SHORT)
    first = decoder.logits()
    kept = first.copy()
    decoder.advance(3)
    second = decoder.logits()
    assert (first == kept).all()
    first[:] = second[:] = np.nan
    assert (begun(decoder, SHORT).logits() == kept).all()


@pytest.mark.parametrize("cut", [0, 1, 4, 13, 30])
def test_advancing_is_beginning_with_a_longer_context(lm, cut):
    decoder = begun(lm.decoder(), LONG[:cut])
    for token in LONG[cut:]:
        decoder.advance(token)
    assert decoder.greedy() == begun(lm.decoder(), LONG).greedy()


def test_asking_on_the_way_changes_nothing(lm):
    decoder = begun(lm.decoder(), [])
    for token in LONG[:20]:
        decoder.greedy()
        decoder.advance(token)
    expected = begun(lm.decoder(), LONG[:20])
    assert decoder.greedy()[0] == expected.greedy()[0]
    np.testing.assert_allclose(decoder.logits(), expected.logits(), atol=1e-5)


def test_beginning_again_forgets_all(lm):
    decoder = begun(lm.decoder(), LONG)
    words(decoder, 5)
    decoder.begin(SHORT)
    assert words(decoder, 5) == words(begun(lm.decoder(), SHORT), 5)


@pytest.mark.parametrize("begin", [lambda decoder: None, lambda decoder: decoder.begin()], ids=["new", "begun"])
def test_a_decoder_begins_at_the_empty_text(lm, begin):
    decoder = lm.decoder()
    begin(decoder)
    assert decoder.greedy() == begun(lm.decoder(), []).greedy()
    assert words(decoder, 5) == words(begun(lm.decoder(), []), 5)


def test_a_context_is_left_as_it_was(lm):
    ids = list(SHORT)
    words(begun(lm.decoder(), ids), 3)
    assert ids == SHORT


@pytest.mark.parametrize("ids", CONTEXTS.values(), ids=CONTEXTS)
def test_the_greedy_word_is_that_of_the_logits(lm, ids):
    decoder = begun(lm.decoder(), ids)
    token, logprob = decoder.greedy()
    logits = decoder.logits()
    assert (type(token), type(logprob)) == (int, float)
    assert (logits.shape, logits.dtype) == ((tiny.VOCABULARY,), np.float32)
    assert token == logits.argmax()
    assert logprob == pytest.approx(log_softmax(logits.astype(np.float64)).max(), abs=1e-5)


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_answers_are_those_of_keras(float32, context):
    expected = logprobs_of(Path(float32.bundle.path).name)[context]
    decoder = begun(float32.decoder(), CONTEXTS[context])
    assert decoder.greedy() == (expected.argmax(), pytest.approx(expected.max(), abs=1e-5))
    np.testing.assert_allclose(log_softmax(decoder.logits()), expected, atol=1e-4)


def test_the_greedy_text_is_that_of_keras(float32):
    expected = greedy_of(Path(float32.bundle.path).name)
    found = float32.generate(expected.prompt, len(expected.ids))
    assert (found.text, found.ids) == (expected.text, expected.ids)
    assert found.logprobs == pytest.approx(expected.logprobs, abs=1e-4)


def test_padding_on_the_way_is_read_as_keras_reads_it(float32):
    expected = logprobs_of(Path(float32.bundle.path).name)["padding inside and at its end"]
    *read, last = CONTEXTS["padding inside and at its end"]
    decoder = float32.decoder()
    for token in read:
        decoder.advance(token)
        decoder.greedy()
    decoder.advance(last)
    assert decoder.greedy() == (expected.argmax(), pytest.approx(expected.max(), abs=1e-5))


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_padding_rule_is_that_of_keras(path, engine, side, truncating):
    """Each model decoded by window, the masked one too, under each rule."""
    spec = Bundle(path).spec
    window = dataclasses.replace(spec.window, length=tiny.WINDOW, padding=Padding(side, truncating))
    windowed = dataclasses.replace(spec, decode=Decode("window", spec.decode.graph), window=window)
    decoder = decoder_factory(open_variant(path, engine), windowed)()
    for context, expected in logprobs_of(path.name, f"{side}-{truncating}").items():
        decoder.begin(CONTEXTS[context])
        assert decoder.greedy() == (expected.argmax(), pytest.approx(expected.max(), abs=1e-5)), context


def test_a_thousand_words_take_no_more_memory_than_fifty(lm):
    decoder = begun(lm.decoder(), SHORT)
    predictions = greedy(decoder)
    tracemalloc.start()
    try:
        for _ in itertools.islice(predictions, 50):
            decoder.logits()
        before, _ = tracemalloc.get_traced_memory()
        for token, logprob in itertools.islice(predictions, 1000):
            assert 0 <= token < tiny.VOCABULARY
            assert -10 < logprob <= 0
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A thousand kept objects would be 16 bytes each at the least; the interpreter's own caches move by a few thousand.
    assert after - before < 16_000


def test_the_thousandth_word_is_still_that_of_its_context(lm):
    ids = [token for token, _ in words(begun(lm.decoder(), SHORT), 1000)]
    for count in (10, 500, 999):
        assert begun(lm.decoder(), [*SHORT, *ids[:count]]).greedy()[0] == ids[count]


def test_a_decoder_holds_the_bytes_that_its_weights_are_read_from(path, monkeypatch):
    """The native interpreter does not: without them it answers nonsense or crashes."""
    held = []

    class Watched(litert.Interpreter):
        def __init__(self, **options):
            super().__init__(**options)
            held.append(weakref.ref(self))

    monkeypatch.setattr(litert, "Interpreter", Watched)
    decoder = decoder_of(path)
    gc.collect()
    assert held[0]()._model_content
    decoder.begin(SHORT)
    decoder.greedy()
    assert held[0]() is not None
    del decoder
    gc.collect()
    assert held[0]() is None


def state(**changes):
    def change(spec):
        first, *others = spec.states
        return dataclasses.replace(spec, states=(dataclasses.replace(first, **changes), *others))

    return change


MISFITS = {
    "state of another name": ("step", state(name="hidden"), "hidden"),
    "state that would be broadcast": ("step", state(shape=(1, 1)), "state_0"),
    "state of several rows": ("step", state(shape=(5, 32)), "state_0"),
    "state of another shape": ("step", state(shape=(1, 33)), "state_0"),
    "vocabulary of another width": ("step", lambda spec: dataclasses.replace(spec, vocabulary=43), "logits"),
    "width of the window graph": ("window", lambda spec: dataclasses.replace(spec, vocabulary=43), "logits"),
    "window of another length": (
        "window",
        lambda spec: dataclasses.replace(spec, window=dataclasses.replace(spec.window, length=13)),
        "ids",
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "change", "fragment"), MISFITS.values(), ids=MISFITS)
def test_a_spec_that_does_not_fit_the_file_is_refused(name, change, fragment, engine, request):
    path = request.getfixturevalue(f"{name}_bundle")
    with pytest.raises(EngineError) as refusal:
        decoder_factory(open_variant(path, engine), change(Bundle(path).spec))
    assert fragment in str(refusal.value)
    assert "export the bundle again" in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [({"start": (0.0, 1.0)}, "start has 2 values"), ({"shape": (1 << 40, 8)}, "shape is no shape")],
)
def test_a_state_that_fits_no_graph_is_refused(step_bundle, given, message):
    with pytest.raises(UsageError, match=message):
        state(**given)(Bundle(step_bundle).spec)
