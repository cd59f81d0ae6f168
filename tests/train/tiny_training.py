"""A training of a second or two: its text, its options, and the weights that it ended with."""

from __future__ import annotations

from typing import Any

import keras

from edgeword_train import Run

TEXT = "\n".join(
    f"the {size} {animal} {verb} on the {place}"
    for size in ("big", "small")
    for animal, place in (("cat", "mat"), ("dog", "rug"), ("bird", "roof"))
    for verb in ("sat", "slept", "sang")
)
OPTIONS: dict[str, Any] = {"units": 8, "embedding": 6, "epochs": 4, "dropout": 0.2, "patience": 10}
FILES = {
    "held_out.json",
    "history.json",
    "learning_curve.png",
    "model.keras",
    "run.json",
    "tokenizer.json",
}


def weights(run: Run) -> list[bytes]:
    model = keras.models.load_model(run.model_path, compile=False)
    return [array.tobytes() for array in model.get_weights()]
