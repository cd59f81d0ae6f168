"""Sizes of models that are worth shipping, each measured in `docs/training.md`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgeword.errors import UsageError
from edgeword_train.options import TrainingOptions

_TIED: Mapping[str, Any] = {"tie_embeddings": True}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "nano": {**_TIED, "cell": "cifg-lstm", "vocab_size": 2000, "embedding": 32, "units": 96, "projection": 32},
    "tiny": {**_TIED, "cell": "cifg-lstm", "vocab_size": 5000, "embedding": 64, "units": 256, "projection": 64},
    "small": {**_TIED, "cell": "lstm", "vocab_size": 10_000, "embedding": 128, "units": 256, "projection": 128},
    # Hard et al. 2018, "Federated learning for mobile keyboard prediction": 1.4 million parameters.
    "keyboard": {**_TIED, "cell": "cifg-lstm", "vocab_size": 10_000, "embedding": 96, "units": 670, "projection": 96},
}


def with_preset(name: str | None, given: Mapping[str, Any]) -> TrainingOptions:
    """The options of a preset and those that are given beside it; UsageError where they contradict each other."""
    preset = _preset(name)
    for option, value in given.items():
        if option in preset and preset[option] != value:
            raise UsageError(
                f"--preset {name} has {option} {preset[option]!r}, not {value!r}; leave one of the two options out"
            )
    return replace(TrainingOptions(), **{**preset, **given})


def _preset(name: str | None) -> Mapping[str, Any]:
    if name is not None and name not in PRESETS:
        raise UsageError(f"preset must be one of {', '.join(PRESETS)}, not {name!r}")
    return PRESETS[name] if name else {}
