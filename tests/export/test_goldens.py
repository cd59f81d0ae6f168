"""The golden bundles are still what their models say and what the exporter decides; else `tests.golden.make` is due."""

import dataclasses

import numpy as np
import pytest

from edgeword.bundle.bundle import Bundle
from tests.golden import FOLDER, greedy_of, logprobs_of
from tests.golden.make import GOLDEN, answers, greedy
from tests.tiny import CONTEXTS


@pytest.mark.parametrize("name", GOLDEN)
def test_the_answers_are_those_of_keras(name):
    model = GOLDEN[name].model()
    for reading, found in answers(model).items() if GOLDEN[name].asked else ():
        kept = logprobs_of(name, reading)
        np.testing.assert_allclose(found, [kept[context] for context in CONTEXTS], atol=1e-4, err_msg=reading)
    said, kept = greedy(model, GOLDEN[name].tokenizer), greedy_of(name)
    assert (said["text"], tuple(said["ids"])) == (kept.text, kept.ids)


@pytest.mark.parametrize("name", ["step", "replay", "window"])
def test_the_spec_is_what_the_exporter_writes(export_tiny, name):
    golden = GOLDEN[name]
    options = {**golden.options, "formats": ["onnx"], "precisions": ["float32"]}
    found, kept = Bundle(export_tiny(golden.model(), **options)).spec, Bundle(FOLDER / name).spec
    assert found.empty_prompt.logprobs == pytest.approx(kept.empty_prompt.logprobs, abs=1e-4)
    assert dataclasses.replace(found, empty_prompt=kept.empty_prompt) == kept


def test_they_are_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.suffix != ".pyc") < 700_000
