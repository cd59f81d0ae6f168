"""The self-test: every variant passes as exported, and none passes with a tensor overwritten."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from edgeword import BundleError, EdgewordWarning, EngineError, load
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.manifest import SelfTest, Variant
from edgeword.choice.self_test import self_test_failure, self_test_logprobs
from edgeword.choice.trial import _read_of, _timed_run, load_untried, try_variant
from edgeword.decoding.factory import decoder_factory
from edgeword.decoding.step_graphs import StepGraphs
from edgeword.engines.engine import engine_of
from tests.runtime.changed import edit_manifest
from tests.runtime.damaged import be_nan, damage, damage_all, reverse

BUNDLES = ("step", "replay", "window", "all_precisions")


@pytest.fixture(params=BUNDLES)
def whole(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_bundle")


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def variants(bundle: Path) -> list[Variant]:
    return list(Bundle(bundle).manifest.variants)


def asked_for(bundle: Path, variant: Variant):
    return load(bundle, engine=engine_of(variant.format).name, precision=variant.precision)


def test_what_costs_nothing_is_not_timed(all_precisions_bundle, monkeypatch):
    """Of this model the padding is likelier than most words, and to pass it by takes no run of the engine."""
    bundle, runs = Bundle(all_precisions_bundle), []
    (variant, *_) = bundle.manifest.variants
    assert 0 in bundle.manifest.self_test.ids
    step = StepGraphs.step
    monkeypatch.setattr(StepGraphs, "step", lambda *inputs: runs.append(inputs) or step(*inputs))
    decoder = decoder_factory(load_untried(bundle, (engine_of(variant.format), variant), 1), bundle.spec)()
    words = _read_of(bundle.manifest.self_test, bundle.spec.window)
    assert _timed_run(decoder, bundle.manifest.self_test.prompt, words) > 0
    assert len(runs) == len(words) > 0


def test_a_self_test_of_nothing_but_padding_times_its_prompt(all_precisions_bundle):
    bundle = Bundle(all_precisions_bundle)
    padding = SelfTest((3, 4), (0, 0), (-1.0, -1.0))
    assert _read_of(padding, bundle.spec.window) == (3, 4)


def test_every_variant_passes_as_exported(whole):
    for variant in variants(whole):
        tried = try_variant(Bundle(whole), (engine_of(variant.format), variant), 1)
        assert tried.refusal == ""
        assert tried.version in variant.verified
        assert 0 < tried.us_per_word < 1e5
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert asked_for(whole, variant).variant == variant


def test_the_exporters_answers_are_found_again(whole):
    bundle = Bundle(whole)
    test = bundle.manifest.self_test
    for variant in bundle.manifest.variants:
        loaded = engine_of(variant.format).open(bundle.read(variant), 1)
        found = self_test_logprobs(decoder_factory(loaded, bundle.spec)(), test)
        assert found == pytest.approx(variant.self_test, abs=1e-5)
        assert len(found) == len(test.ids) == len(test.logprobs) == 16


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_a_zeroed_tensor_is_refused(copy, rank):
    for variant in variants(copy):
        damage(copy, variant.file, rank=rank)
        with pytest.raises(EngineError, match=rf"{variant.file}: \S+ \S+: self-test failed at word \d+: "):
            asked_for(copy, variant)


def test_a_weight_that_is_no_number_is_refused(copy):
    for variant in variants(copy):
        if variant.precision == "float32":
            damage(copy, variant.file, be_nan)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with pytest.raises(EngineError, match="the model answers (nan|inf), which is no probability"):
                    asked_for(copy, variant)


def test_another_variant_is_taken_and_that_is_said_once(copy):
    sound = load(copy)
    damage(copy, sound.variant.file)
    with pytest.warns(EdgewordWarning) as warned:
        lm = load(copy)
    assert lm.variant.file != sound.variant.file
    assert lm.precision == "float32"
    (warning,) = warned
    assert str(warning.message).startswith(f"{sound.variant.file} is not used here: {sound.engine_version}: self-test")
    assert Path(warning.filename) == Path(__file__)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(copy).variant == lm.variant


def test_the_one_sound_variant_is_taken(copy):
    sound = variants(copy)[-1]
    damaged = damage_all(copy, sound.file)
    with pytest.warns(EdgewordWarning) as warned:
        assert load(copy, precision="fastest").variant.file == sound.file
    assert sorted(str(warning.message).split()[0] for warning in warned) == damaged


def test_without_a_sound_variant_the_error_names_each(bundle):
    damaged = damage_all(bundle)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what the error says is not said twice
        with pytest.raises(EngineError, match="no variant can be used here") as refusal:
            load(bundle)
    assert all(f"{file}: " in str(refusal.value) for file in damaged)
    assert str(refusal.value).count("self-test failed") == len(damaged)


def test_the_weights_of_another_model_are_refused(copy):
    """The same weights, each in another one's place. Those of a state are first felt at the second word."""
    for variant in variants(copy):
        damage(copy, variant.file, reverse)
        with pytest.raises(EngineError, match=r"self-test failed at word [12]: "):
            asked_for(copy, variant)


INCOMPLETE = {
    "too few": lambda data: [variant["self_test"].pop() for variant in data["variants"]],
    "too many": lambda data: [variant["self_test"].append(-1.0) for variant in data["variants"]],
    "none": lambda data: [variant["self_test"].clear() for variant in data["variants"]],
    "nothing asked": lambda data: [
        data["self_test"].update(ids=[], logprobs=[]),
        *(variant["self_test"].clear() for variant in data["variants"]),
    ],
}


@pytest.mark.parametrize("edit", INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_manifest_that_cannot_tell_is_refused(bundle, edit):
    edit_manifest(bundle, edit)
    with pytest.raises(BundleError, match=r"log-probabilities of model\..* words of its self-test; export"):
        load(bundle)


class Scripted:
    """A decoder over four words whose graph predicts what it is told to."""

    def __init__(self, prediction: tuple[int, float], logits: list[float]) -> None:
        self._prediction, self._logits = prediction, np.array(logits, np.float32)

    def begin(self, ids):
        pass

    def advance(self, token):
        pass

    def greedy(self):
        return self._prediction

    def logits(self):
        return self._logits


EVEN, BEST = np.log(0.25), float(np.log(np.e / (np.e + 3)))
ANSWERS = {
    "its own greedy word": ((1, BEST), [0, 1, 0, 0], BEST, None),
    "one of two equal words": ((2, EVEN), [0, 0, 0, 0], EVEN, None),
    "another word": ((2, BEST), [0, 1, 0, 0], BEST, "its prediction is not the greedy word of its logits"),
    "no word of the vocabulary": ((4, BEST), [0, 1, 0, 0], BEST, "its prediction is not the greedy word"),
    "a word below 0": ((-3, BEST), [0, 1, 0, 0], BEST, "its prediction is not the greedy word"),
    "another probability": ((1, -3.0), [0, 1, 0, 0], BEST, "its prediction is not the greedy word"),
    "no probability": ((1, float("nan")), [0, 1, 0, 0], BEST, "its prediction is not the greedy word"),
    "other logits": ((1, BEST), [0, 1, 0, 0], BEST + 0.02, "log-probability -0.7437, exported with -0.7237"),
    "within the tolerance": ((1, BEST), [0, 1, 0, 0], BEST + 0.009, None),
    "infinity": ((1, BEST), [0, float("inf"), 0, 0], BEST, "log-probability nan"),
    "nan": ((1, BEST), [0, 1, 0, float("nan")], BEST, "log-probability nan"),
    "equal but for a word": ((1, BEST), [0, 1, 0, float("-inf")], BEST, "log-probability -0.5"),
}


@pytest.mark.parametrize(("prediction", "logits", "exported", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_what_passes(step_bundle, prediction, logits, exported, reason):
    like = next(v for v in variants(step_bundle) if v.precision == "float32")
    variant = type(like)(**{**vars(like), "self_test": (exported,)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = self_test_failure(Scripted(prediction, logits), SelfTest((0,), (1,), (exported,)), variant)
    assert found == reason if reason is None else reason in found
