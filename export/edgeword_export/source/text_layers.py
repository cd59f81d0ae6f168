"""A model that reads text itself: its text layer taken off, which becomes the bundle's tokenizer."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from edgeword_export.errors import ModelError

_TEXT_LAYERS = (keras.layers.TextVectorization, keras.layers.StringLookup)


@dataclass(frozen=True)
class TextLayer:
    """The layer, and the windows that it makes, padded and cut at their end."""

    layer: keras.layers.Layer
    length: int | None
    """None where it pads to the longest of a batch."""

    @property
    def said(self) -> str:
        """What was done."""
        return f"its layer {self.layer.name!r} became the tokenizer"


def without_text_layer(model: keras.Model) -> tuple[keras.Model, TextLayer | None]:
    """The model behind its text layer; as it is where it reads ids."""
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) != 1 or str(inputs[0].dtype) != "string":
        return model, None
    found = [layer for layer in model.layers if isinstance(layer, _TEXT_LAYERS)]
    if len(found) != 1:
        raise ModelError("the model reads text, and not by one TextVectorization or StringLookup; give it behind that")
    layer = found[0]
    length = getattr(layer, "_output_sequence_length", None)
    if isinstance(model, keras.Sequential):
        rest = keras.Sequential([keras.Input((length,), dtype="int64"), *model.layers[model.layers.index(layer) + 1 :]])
    else:
        rest = keras.Model(layer.output, model.outputs[0])
    return rest, TextLayer(layer, length)
