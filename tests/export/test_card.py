"""The model card says what the manifest says, under the metadata of Hugging Face's cards."""

import dataclasses

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.summary import fidelity_table
from edgeword_export.card import model_card


def test_the_card_of_a_bundle_is_made_from_its_manifest(step_bundle):
    manifest = Bundle(step_bundle).manifest
    card = (step_bundle / "README.md").read_text(encoding="utf-8")
    assert card == model_card(manifest)
    for line in fidelity_table(manifest.variants):
        assert line in card
    assert f"Vocabulary: {manifest.spec.vocabulary:,} ids" in card
    assert manifest.proof.reason[1:] in card


def test_the_metadata_is_a_block_of_its_own(step_bundle):
    card = model_card(Bundle(step_bundle).manifest)
    assert card.startswith("---\nlibrary_name: edgeword\n")
    metadata = card.split("---\n")[1]
    assert "- tflite\n" in metadata
    assert "- onnx\n" in metadata


def test_facts_that_are_no_plain_values_are_left_out(step_bundle):
    manifest = Bundle(step_bundle).manifest
    told = dataclasses.replace(manifest, training={"epochs": 3, "corpus": [{"name": "secret.txt"}]})
    assert "- epochs: 3" in model_card(told)
    assert "secret" not in model_card(told)
    assert "nothing is known of it" in model_card(dataclasses.replace(manifest, training={}))
