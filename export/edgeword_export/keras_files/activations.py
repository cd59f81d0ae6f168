"""Activations that mean something else in Keras 3 than they did when the file was written."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("edgeword", "keras_2_hard_sigmoid")  # type: ignore[untyped-decorator]
def keras_2_hard_sigmoid(x: Any) -> Any:
    """`clip(0.2 x + 0.5, 0, 1)`, the `hard_sigmoid` of Keras 1 and 2; Keras 3's has the slope 1/6."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


CHANGED = {"hard_sigmoid": keras.saving.serialize_keras_object(keras_2_hard_sigmoid)}
