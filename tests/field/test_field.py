"""What edgeword says of models as people build them is what their owners' loops say."""

from __future__ import annotations

import keras
import pytest

from edgeword.bundle.manifest import Answer
from edgeword.bundle.spec import Window
from edgeword.errors import EdgewordError
from edgeword.padding import Padding
from edgeword_export.source.keras_model import inspect_model
from edgeword_export.tokenizer_files.reading import read_any_tokenizer
from edgeword_export.witness.finding import find
from edgeword_export.witness.reference import Reference
from tests.field import loops
from tests.field.case import DECODES
from tests.field.corpus import TOLD
from tests.field.table import CASES, FOR_EVERY_RUN


@pytest.fixture(autouse=True, scope="module")
def forgotten():
    """The models of one case are of no use to the next."""
    yield
    keras.backend.clear_session()


def _params():
    for name, case in CASES.items():
        yield pytest.param(case, id=name, marks=() if name in FOR_EVERY_RUN else pytest.mark.field)


@pytest.mark.parametrize("case", _params())
def test_with_a_witness_every_word_is_the_owners(case, tmp_path):
    if case.refused:
        with pytest.raises(EdgewordError, match=case.refused):
            case.export(tmp_path, witness=True)
        return
    manifest = case.export(tmp_path, witness=True)
    assert manifest.convention.from_ == "witness"
    assert manifest.convention.rival is None
    assert case.differing(tmp_path / "bundle") == []
    assert manifest.convention.text == case.convention
    assert (manifest.spec.decode.mode, manifest.spec.decode.graph) == DECODES[case.decode]
    assert {variant.format for variant in manifest.variants} == {"tflite", "onnx"}


@pytest.mark.parametrize("case", _params())
def test_without_a_witness_it_is_right_or_refused_or_says_that_it_guessed(case, tmp_path):
    refusal = None
    try:
        manifest = case.export(tmp_path, witness=False)
    except EdgewordError as error:
        refusal = str(error)
    if refusal is not None:
        assert case.needs_witness, refusal
        assert "\n" not in refusal
        return
    differing = case.differing(tmp_path / "bundle")
    assert manifest.convention.line.startswith("guessed: ")
    assert case.needs_witness or differing == []


def test_windows_that_nearly_always_agree_are_told_apart(tmp_path):
    """Windows of 12 give these answers of a loop that pads to 13, and the same words after most prompts."""
    case = CASES["much longer"]
    owner, other = (loops.padded(length)(case.model, case.tokens) for length in (13, 12))
    told = [*(case.prompts[place] for place in TOLD), "rain on waits", "red the", "a rain are to and"]
    answers = [Answer(prompt, owner(prompt)) for prompt in told]
    source = inspect_model(case.model)
    tokenizer = read_any_tokenizer(case.tokens.keep(tmp_path))
    found = find(source, Reference(source, Window(6, Padding(), False), True), answers, tokenizer)
    assert found.window.length == 12
    assert found.apart is not None
    assert owner(found.apart) != other(found.apart)
