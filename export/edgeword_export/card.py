"""The model card: a bundle's README, with Hugging Face's card metadata."""

from __future__ import annotations

from edgeword.bundle.manifest import Manifest
from edgeword.bundle.summary import fidelity_table

_CARD = """\
---
library_name: edgeword
pipeline_tag: text-generation
tags:
- next-word
- on-device
{tags}
---

# {name}

A next-word language model, exported from Keras by edgeword {version} on {created}.

- Vocabulary: {vocabulary:,} ids. Window: {window}.
- Convention: {convention}.
- Decode mode: {mode}. {reason}.
- Measured on {positions:,} positions of text ({text}); the Keras model's own perplexity there is {perplexity:.2f}.

## Use

```console
$ pip install "edgeword[litert]"
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


def model_card(manifest: Manifest) -> str:
    """The text of the bundle's README.md."""
    formats = sorted({variant.format for variant in manifest.variants})
    facts = [f"- {key}: {value}" for key, value in manifest.training.items() if isinstance(value, (str, int, float))]
    return _CARD.format(
        tags="\n".join(f"- {name}" for name in formats),
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
