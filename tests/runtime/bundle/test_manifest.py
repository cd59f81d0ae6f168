"""A manifest survives JSON unchanged, and what does not fit is refused by the name of its key."""

import copy
import dataclasses
import json

import pytest

from edgeword.bundle.manifest import FORMAT_VERSION, Manifest
from edgeword.errors import BundleError
from edgeword.padding import Padding

GONE = object()
FIDELITY = {
    "positions": 66,
    "max_logprob_difference": 1e-6,
    "top1_agreement": 1.0,
    "perplexity": 67.25,
    "perplexity_increase": -0.5,
    "same_greedy_words": True,
}
DATA = {
    "format_version": FORMAT_VERSION,
    "name": "café",
    "created": "2026-01-01T00:00:00Z",
    "edgeword_version": "0.1.0",
    "spec": {
        "vocabulary": 42,
        "decode": {"mode": "step", "graph": "step"},
        "window": {
            "length": 12,
            "padding": {"side": "pre", "truncating": "post", "value": 0},
            "masked": True,
            "fills": True,
            "reads": "end",
        },
        "states": [{"name": "state_0", "shape": [1, 3], "start": [0.0, -1.5, 2.0]}],
        "empty_prompt": {"ids": [29, 3], "logprobs": [-1.5, -2.5]},
    },
    "convention": {
        "from": "witness",
        "text": "windows of 12",
        "answers": 3,
        "rival": None,
        "says_unknown": False,
        "file": "witness.jsonl",
    },
    "proof": {"reason": "because", "agreement": None},
    "tokenizer": {"file": "tokenizer.json", "size": 5, "sha256": "ab"},
    "files": [{"file": "README.md", "size": 6, "sha256": "cd"}],
    "variants": [
        {
            "file": "model.float32.onnx",
            "format": "onnx",
            "precision": "float32",
            "size": 7,
            "sha256": "ef",
            "verified": ["onnxruntime 1.31.1"],
            "weights_read_bytes": 4096,
            "fidelity": FIDELITY,
            "self_test": [-0.5, -1.25],
        }
    ],
    "training": {"corpus": {"lines": 7, "sources": ["a", None]}},
    "evaluation": {},
    "self_test": {"prompt": [1, 2], "ids": [3, 4], "logprobs": [-0.5, -1.5]},
}


def with_value(path: tuple, value: object) -> str:
    """DATA as JSON with one value replaced, added or gone."""
    data = copy.deepcopy(DATA)
    place = data
    for key in path[:-1]:
        place = place[key]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(data)


def test_what_is_written_is_what_is_read():
    manifest = Manifest.from_json(json.dumps(DATA))
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert json.loads(manifest.to_json()) == DATA


def test_equal_manifests_have_equal_text():
    backwards = json.dumps(dict(reversed(DATA.items())))
    assert Manifest.from_json(backwards).to_json() == Manifest.from_json(json.dumps(DATA)).to_json()


def test_the_text_is_for_people_too():
    text = Manifest.from_json(json.dumps(DATA)).to_json()
    assert '"café"' in text
    assert text.endswith("}\n")
    assert len(text.splitlines()) > 40


def test_values_have_the_types_of_the_dataclass():
    manifest = Manifest.from_json(with_value(("spec", "empty_prompt", "logprobs"), [-1, -2]))
    assert manifest.spec.window.padding == Padding("pre", "post", 0)
    assert manifest.spec.states[0].start == (0.0, -1.5, 2.0)
    assert [type(value) for value in manifest.spec.empty_prompt.logprobs] == [float] * 2
    assert manifest.proof.agreement is None


def test_integers_among_the_numbers_become_floats():
    manifest = Manifest.from_json(with_value(("spec", "states", 0, "start"), [0, 1, 2]))
    assert [type(value) for value in manifest.spec.states[0].start] == [float] * 3
    assert isinstance(Manifest.from_json(with_value(("proof", "agreement"), 1)).proof.agreement, float)


def test_a_manifest_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Manifest.from_json(json.dumps(DATA)).name = "other"


def test_nan_is_not_written():
    manifest = dataclasses.replace(Manifest.from_json(json.dumps(DATA)), training={"loss": float("nan")})
    with pytest.raises(ValueError, match="Out of range"):
        manifest.to_json()


UNFIT = {
    "unknown key": (("colour",), "red", "'colour'"),
    "unknown key inside": (("spec", "window", "stride"), 2, "manifest.spec.window has the unknown key 'stride'"),
    "unknown key in a list": (("variants", 0, "url"), "x", "manifest.variants[0] has the unknown key 'url'"),
    "unknown key in the padding": (("spec", "window", "padding", "mode"), 1, "'mode'"),
    "unknown key deep inside": (("variants", 0, "fidelity", "bleu"), 1, "variants[0].fidelity"),
    "missing key": (("self_test",), GONE, "manifest misses 'self_test'"),
    "missing key inside": (("proof", "reason"), GONE, "manifest.proof misses 'reason'"),
    "missing key in a list": (("spec", "states", 0, "start"), GONE, "manifest.spec.states[0] misses 'start'"),
    "missing key in the padding": (("spec", "window", "padding", "side"), GONE, "manifest.spec.window.padding"),
    "missing format version": (("format_version",), GONE, "format_version"),
    "newer format version": (("format_version",), FORMAT_VERSION + 1, "pip install --upgrade edgeword"),
    "older format version": (("format_version",), 0, "format_version"),
    "format version in words": (("format_version",), "1", "format_version"),
    "format version true": (("format_version",), True, "format_version"),
    "format version a fraction": (("format_version",), 1.0, "format_version"),
    "string that is a number": (("name",), 7, "manifest.name is not a string"),
    "string that is null": (("created",), None, "manifest.created is not a string"),
    "integer that is a fraction": (("spec", "vocabulary"), 42.0, "manifest.spec.vocabulary is not an integer"),
    "integer that is true": (("spec", "window", "length"), True, "manifest.spec.window.length is not an integer"),
    "integer that is a string": (("tokenizer", "size"), "5", "manifest.tokenizer.size"),
    "number that is a string": (("spec", "empty_prompt", "logprobs", 0), "-1", "empty_prompt.logprobs[0]"),
    "number that is true": (("variants", 0, "fidelity", "perplexity"), True, "fidelity.perplexity"),
    "number too large": (("variants", 0, "fidelity", "perplexity"), 10**400, "fidelity.perplexity"),
    "number too large in a list": (("spec", "states", 0, "start"), [10**400], "manifest.spec.states[0].start[0]"),
    "number or null that is false": (("proof", "agreement"), False, "manifest.proof.agreement"),
    "number or null too large": (("proof", "agreement"), 10**400, "manifest.proof.agreement"),
    "flag that is a number": (("spec", "window", "masked"), 1, "manifest.spec.window.masked is not true or false"),
    "list that is an object": (("variants",), {}, "manifest.variants is not a list"),
    "list that is a string": (("spec", "states"), "state_0", "manifest.spec.states is not a list"),
    "integers that are an object": (("self_test", "ids"), {"0": 1}, "manifest.self_test.ids"),
    "integers with a fraction": (("spec", "states", 0, "shape"), [1, 2.5], "manifest.spec.states[0].shape[1]"),
    "integers with true": (("self_test", "prompt"), [1, True], "manifest.self_test.prompt[1]"),
    "numbers with null": (("self_test", "logprobs"), [-0.5, None], "manifest.self_test.logprobs[1]"),
    "strings with a number": (("variants", 0, "verified"), ["onnx", 2], "manifest.variants[0].verified[1]"),
    "object that is a list": (("spec",), [], "manifest.spec is not an object"),
    "object that is null": (("spec", "window", "padding"), None, "manifest.spec.window.padding is not an object"),
    "object in a list that is a string": (("files", 0), "README.md", "manifest.files[0] is not an object"),
    "facts that are a list": (("training",), [], "manifest.training is not an object"),
    "padding of a third side": (("spec", "window", "padding", "side"), "mid", "is 'mid', not one of pre, post"),
    "padding that is an object": (("spec", "window", "padding", "side"), {}, "is {}, not one of pre, post"),
    "padding value in words": (("spec", "window", "padding", "value"), "0", "padding.value is not an integer"),
    "padding value of 64 bits": (("spec", "window", "padding", "value"), 1 << 40, "integer of 32 bits"),
    "answer read nowhere": (("spec", "window", "reads"), "start", "is 'start', not one of end, text"),
    "convention of a third kind": (("convention", "from"), "heard", "manifest.convention.from is 'heard'"),
    "witness without answers": (("convention", "answers"), 0, "a witness has answers and a file"),
    "witness without a file": (("convention", "file"), None, "a witness has answers and a file"),
    "guess with answers": (("convention", "from"), "guessed", "a witness has answers and a file, and nothing else"),
    "key with the name of the field": (("convention", "from_"), "guessed", "has the unknown key 'from_'"),
    "decode mode of a third kind": (("spec", "decode", "mode"), "beam", "is 'beam', not one of step, window"),
    "graph of a third kind": (("spec", "decode", "graph"), "beam", "is 'beam', not one of step, window"),
    "mode on the wrong graph": (("spec", "decode", "graph"), "window", "'step' needs the graph 'step', not 'window'"),
    "window without a length": (
        ("spec",),
        DATA["spec"]
        | {"decode": {"mode": "window", "graph": "step"}, "window": DATA["spec"]["window"] | {"length": None}},
        "decode mode 'window' needs a window.length",
    ),
    "window of no length": (("spec", "window", "length"), 0, "length is 0"),
    "no vocabulary": (("spec", "vocabulary"), 0, "vocabulary is 0"),
    "padding beyond the vocabulary": (("spec", "window", "padding", "value"), 43, "window.padding.value holds 43"),
    "padding below the ids": (("spec", "window", "padding", "value"), -1, "window.padding.value holds -1"),
    "first word beyond the vocabulary": (("spec", "empty_prompt", "ids"), [1, 42], "empty_prompt holds 42"),
    "no first word": (("spec", "empty_prompt"), {"ids": [], "logprobs": []}, "at least one"),
    "first words without a probability": (("spec", "empty_prompt", "logprobs"), [-1.5], "equally many"),
    "a first word twice": (("spec", "empty_prompt", "ids"), [3, 3], "no id twice"),
    "self-test beyond the vocabulary": (("self_test", "ids"), [3, 42], "self_test.ids holds 42"),
    "self-test prompt below the ids": (("self_test", "prompt"), [-7], "self_test.prompt holds -7"),
    "self-test without probabilities": (("self_test", "logprobs"), [-0.5], "one log-probability for each id"),
}


@pytest.mark.parametrize(("path", "value", "fragment"), UNFIT.values(), ids=UNFIT)
def test_what_does_not_fit_is_refused_by_name(path, value, fragment):
    with pytest.raises(BundleError) as refusal:
        Manifest.from_json(with_value(path, value))
    assert fragment in str(refusal.value)
    assert str(refusal.value).startswith(("manifest.json", "the bundle has format version"))


TEXT = json.dumps(DATA)
NOT_A_MANIFEST = {
    "nothing": ("", "not JSON"),
    "half of it": (TEXT[: len(TEXT) // 2], "not JSON"),
    "two of it": (TEXT + TEXT, "not JSON"),
    "byte order mark": ("\ufeff" + TEXT, "not JSON"),
    "list": ("[]", "format_version"),
    "null": ("null", "format_version"),
    "string": ('"format_version"', "format_version"),
    "duplicate key": (TEXT[:-1] + ', "name": "b"}', "'name' occurs twice"),
    "duplicate key inside": (
        TEXT.replace('"masked": true', '"masked": true, "masked": false'),
        "'masked' occurs twice",
    ),
    "duplicate key in a list": (TEXT.replace('"shape"', '"name": "b", "shape"'), "'name' occurs twice"),
    "duplicate key among the facts": (TEXT.replace('"lines": 7', '"lines": 7, "lines": 7'), "'lines' occurs twice"),
    "NaN": (TEXT.replace("67.25", "NaN"), "NaN"),
    "Infinity": (TEXT.replace("67.25", "Infinity"), "Infinity"),
    "-Infinity": (TEXT.replace('"lines": 7', '"lines": -Infinity'), "-Infinity"),
    "number that overflows": (TEXT.replace("67.25", "1e999"), "1e999"),
    "fact that overflows": (TEXT.replace('"lines": 7', '"lines": -1e999'), "-1e999"),
    "integer of 5,000 digits": (TEXT.replace("67.25", "9" * 5000), "not JSON"),
    "deep nesting": ("[" * 100_000, "not JSON"),
    "deep nesting inside": (TEXT.replace('"lines": 7', f'"lines": {"[" * 100_000}'), "not JSON"),
}


@pytest.mark.parametrize(("text", "fragment"), NOT_A_MANIFEST.values(), ids=NOT_A_MANIFEST)
def test_what_is_no_manifest_is_refused(text, fragment):
    with pytest.raises(BundleError) as refusal:
        Manifest.from_json(text)
    assert fragment in str(refusal.value)
    assert len(str(refusal.value)) < 300
