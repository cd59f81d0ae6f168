"""The model card says what the manifest says, under the metadata of Hugging Face's cards."""

import dataclasses

import pytest

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.summary import fidelity_table
from edgeword_export import card as card_module
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


def metadata_of(card: str) -> dict:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(card.split("---\n")[1])


def test_the_metadata_are_those_of_hugging_face_s_cards(step_bundle):
    manifest = Bundle(step_bundle).manifest
    told = dataclasses.replace(manifest, name='a "model": of mine', evaluation={**manifest.evaluation, "text": "a: b"})
    found = metadata_of(model_card(told, "apache-2.0", ["wikitext", "my/own"]))
    assert (found["library_name"], found["pipeline_tag"]) == ("edgeword", "text-generation")
    assert (found["license"], found["datasets"]) == ("apache-2.0", ["wikitext", "my/own"])
    (index,) = found["model-index"]
    assert index["name"] == told.name
    (result,) = index["results"]
    assert result["task"]["type"] == "text-generation"
    assert result["dataset"] == {"type": "wikitext", "name": "a: b"}
    values = {metric["name"]: metric["value"] for metric in result["metrics"]}
    for variant in manifest.variants:
        named = f"{variant.format} {variant.precision}"
        assert values[f"Perplexity, {named}"] == pytest.approx(variant.fidelity.perplexity, rel=1e-5)
        assert values[f"Top-1 agreement with the Keras model, {named}"] == pytest.approx(
            variant.fidelity.top1_agreement, rel=1e-5
        )


def test_nobody_named_a_license_or_a_dataset(step_bundle):
    found = metadata_of(model_card(Bundle(step_bundle).manifest))
    assert found["license"] == "unknown"
    assert "datasets" not in found


def test_the_hub_s_own_library_reads_the_metrics(step_bundle):
    library = pytest.importorskip("huggingface_hub")
    manifest = Bundle(step_bundle).manifest
    data = library.ModelCard(model_card(manifest)).data
    assert data.model_name == manifest.name
    assert len(data.eval_results) == 2 * len(manifest.variants)
    assert {result.metric_type for result in data.eval_results} == {"perplexity", "accuracy"}


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ('pip install ".[litert]"', '$ pip install ".[litert]"  # in a clone of edgeword\n'),
        ('pip install "edgeword[litert]"', '$ pip install "edgeword[litert]"\n'),
    ],
)
def test_the_card_says_how_to_install_what_wrote_it(step_bundle, monkeypatch, command, shown):
    monkeypatch.setattr(card_module, "install_command_elsewhere", lambda _extra: command)
    assert shown in model_card(Bundle(step_bundle).manifest)
