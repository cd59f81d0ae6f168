"""The model card: a bundle's README, with Hugging Face's card metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence

from edgeword.bundle.manifest import Manifest
from edgeword.bundle.summary import fidelity_table
from edgeword.installing import install_command_elsewhere

_CARD = """\
---
library_name: edgeword
pipeline_tag: text-generation
tags:
- next-word
- on-device
{tags}
license: {license}
{datasets}model-index:
{model_index}
---

# {name}

A next-word language model, exported from Keras by edgeword {version} on {created}.

- Vocabulary: {vocabulary:,} ids. Window: {window}.
- Convention: {convention}.
- Decode mode: {mode}. {reason}.
- Measured on {positions:,} positions of text ({text}); the Keras model's own perplexity there is {perplexity:.2f}.

## Use

```console
$ {install}
$ edgeword generate . "a prompt"
```

## Fidelity

Each file beside the Keras model: share of positions with the same most probable word, perplexity and its change,
largest difference of a log-probability.

```text
{table}
```

## Training

{facts}

## Limits

The model continues text with the words it saw most often in its training text. It knows no facts, and repeats what
that text says, biases included.
"""

_MODEL_INDEX = """\
- name: {name}
  results:
  - task:
      type: text-generation
      name: Next word
    dataset:
      type: {type}
      name: {text}
    metrics:
{metrics}"""


def model_card(manifest: Manifest, license_name: str | None = None, datasets: Sequence[str] = ()) -> str:
    """The text of the bundle's README.md; a license that nobody named is not known."""
    formats = sorted({variant.format for variant in manifest.variants})
    facts = [f"- {key}: {value}" for key, value in manifest.training.items() if isinstance(value, (str, int, float))]
    command = install_command_elsewhere("litert")
    return _CARD.format(
        tags="\n".join(f"- {name}" for name in formats),
        license=_yaml(license_name or "unknown"),
        datasets="".join(["datasets:\n", *(f"- {_yaml(name)}\n" for name in datasets)] if datasets else []),
        model_index=_model_index(manifest, datasets),
        install=command if "edgeword" in command else f"{command}  # in a clone of edgeword",
        name=manifest.name,
        version=manifest.edgeword_version,
        created=manifest.created,
        vocabulary=manifest.spec.vocabulary,
        window=manifest.spec.window.text,
        convention=manifest.convention.line,
        mode=manifest.spec.decode.mode,
        reason=manifest.proof.reason.capitalize(),
        positions=manifest.variants[0].fidelity.positions,
        text=manifest.evaluation["text"],
        perplexity=manifest.evaluation["keras_perplexity"],
        table="\n".join(fidelity_table(manifest.variants)),
        facts="\n".join(facts) or "- nothing is known of it",
    )


def _model_index(manifest: Manifest, datasets: Sequence[str]) -> str:
    """Perplexity and top-1 agreement of each file, as Hugging Face's `model-index` has them."""
    metrics = []
    for variant in manifest.variants:
        named = f"{variant.format} {variant.precision}"
        for kind, name, value in (
            ("perplexity", f"Perplexity, {named}", variant.fidelity.perplexity),
            ("accuracy", f"Top-1 agreement with the Keras model, {named}", variant.fidelity.top1_agreement),
        ):
            metrics.append(f"    - type: {kind}\n      name: {_yaml(name)}\n      value: {value:.6g}")
    text = str(manifest.evaluation["text"])
    return _MODEL_INDEX.format(
        name=_yaml(manifest.name),
        type=_yaml(datasets[0] if datasets else text),
        text=_yaml(text),
        metrics="\n".join(metrics),
    )


def _yaml(text: str) -> str:
    """A string as YAML reads it: one of JSON is one."""
    return json.dumps(text, ensure_ascii=False)
