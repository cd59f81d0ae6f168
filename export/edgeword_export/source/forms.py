"""Keras models in the forms in which people keep them, brought into the one that is exported: ids `[B, L]` to words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgeword_export.errors import ModelError
from edgeword_export.keras_files.refusals import first_line

# A one-hot table has V * V numbers; beyond this it is no model of characters.
_LARGEST_ONE_HOT = 2048
_REDUCED = ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")


@dataclass(frozen=True)
class Form:
    """A form: how it is known, what is made of it, and what to say of that."""

    said: str
    known: Callable[[keras.Model], bool]
    brought: Callable[[keras.Model], keras.Model]


def in_form(model: keras.Model, length: int | None = None) -> tuple[keras.Model, tuple[str, ...]]:
    """The model in the form that is exported, and what was done to it; raises ModelError for what has none.

    `length` is that of the windows on which a model without inputs of its own is called.
    """
    said = []
    if not _has_inputs(model):
        model = _called(model, length)
        said.append("it was called on ids")
    for form in FORMS:
        if form.known(model):
            model = form.brought(model)
            said.append(form.said)
    return model, tuple(said)


def _called(model: keras.Model, length: int | None) -> keras.Model:
    """A model of a class of its owner's, or one that was never called, around one call of it."""
    ids = keras.Input((length,), dtype="int32")
    try:
        return keras.Model(ids, model(ids))
    except Exception as error:  # the call is the owner's code: it may raise anything
        raise ModelError(
            f"the model cannot be called on ids [B, {length or 'L'}]: {first_line(error)}; build it as Sequential or "
            "Functional with keras.Input"
        ) from None


def _first(model: keras.Model) -> Any:
    return model.inputs[0]


def _has_inputs(model: keras.Model) -> bool:
    return bool(getattr(model, "inputs", None))


def _is_lone_structure(model: keras.Model) -> bool:
    """One input, or one output, in a list or under a name."""
    return _is_packed(model, "inputs") or _is_packed(model, "outputs")


def _is_packed(model: keras.Model, ends: str) -> bool:
    structure = getattr(model, f"_{ends}_struct", None)
    return _has_inputs(model) and len(getattr(model, ends)) == 1 and isinstance(structure, (list, tuple, dict))


def _unpacked(model: keras.Model) -> keras.Model:
    if len(model.inputs) > 1:
        return keras.Model(model.inputs, model.outputs[0])
    given = keras.Input(batch_shape=_first(model).shape, dtype=_first(model).dtype)
    answers = keras.tree.flatten(model(keras.tree.pack_sequence_as(model._inputs_struct, [given])))
    return keras.Model(given, answers[0] if len(answers) == 1 else answers)


def _has_spare_outputs(model: keras.Model) -> bool:
    return _has_inputs(model) and len(model.outputs) > 1


def _with_words_only(model: keras.Model) -> keras.Model:
    """The one output that is as wide as a table of words; states and attention are left out."""
    rows = {layer.input_dim for layer in model._flatten_layers() if isinstance(layer, keras.layers.Embedding)}
    wide = [output for output in model.outputs if output.shape[-1] in rows and len(output.shape) in (2, 3)]
    if len(wide) != 1:
        tried = ", ".join(f"{output.name} {tuple(output.shape)}" for output in model.outputs)
        raise ModelError(f"the model has {len(model.outputs)} outputs ({tried}), and not one as wide as its vocabulary")
    return keras.Model(model.inputs, wide[0])


def _remembers(model: keras.Model) -> bool:
    """Whether a layer keeps its state between calls, or the batch is fixed, or the arithmetic is not float32."""
    layers = list(model._flatten_layers(include_self=False))
    fixed = _has_inputs(model) and _first(model).shape[0] is not None
    return fixed or any(getattr(layer, "stateful", False) or _is_reduced(layer) for layer in layers)


def _is_reduced(layer: keras.layers.Layer) -> bool:
    return getattr(layer.dtype_policy, "name", "") in _REDUCED


def computed_in(model: keras.Model) -> str:
    """The arithmetic of the owner's loop, where a layer computes in another one than float32."""
    layers = model._flatten_layers(include_self=False)
    return next((layer.dtype_policy.name for layer in layers if _is_reduced(layer)), "float32")


def _stateless(model: keras.Model) -> keras.Model:
    """The same weights in layers of float32 that keep nothing, at any batch."""
    config = _plain(model.get_config())
    twin = type(model).from_config(_of_any_length(config) if _reads_one_by_one(model) else config)
    if not twin.built:
        twin.build((None, *_first(model).shape[1:]))
    twin.set_weights([np.asarray(weight, np.float32) for weight in model.get_weights()])
    return twin


def _reads_one_by_one(model: keras.Model) -> bool:
    """Whether it is shown one word at a time, and keeps in its state what came before."""
    stateful = any(getattr(layer, "stateful", False) for layer in model._flatten_layers(include_self=False))
    return stateful and tuple(_first(model).shape[1:2]) == (1,)


def _of_any_length(config: Any) -> Any:
    """A configuration whose inputs are texts of any length instead of single words."""
    if isinstance(config, (list, tuple)):
        return type(config)(map(_of_any_length, config))
    if not isinstance(config, dict):
        return config
    free = {key: _of_any_length(value) for key, value in config.items()}
    shape = free.get("batch_shape")
    return {**free, "batch_shape": (shape[0], None, *shape[2:])} if shape else free


def _plain(config: Any) -> Any:
    """A configuration without state, batch and reduced precision, at any depth."""
    if isinstance(config, (list, tuple)):
        return type(config)(map(_plain, config))
    if not isinstance(config, dict):
        return config
    plain = {key: _plain(value) for key, value in config.items()}
    if plain.get("stateful") is True:
        plain["stateful"] = False
    if isinstance(plain.get("batch_shape"), (list, tuple)):
        plain["batch_shape"] = (None, *plain["batch_shape"][1:])
    if plain.get("dtype") in _REDUCED:
        plain["dtype"] = "float32"
    if plain.get("class_name") in ("DTypePolicy", "FloatDTypePolicy") and isinstance(plain.get("config"), dict):
        plain["config"] = {**plain["config"], "name": "float32"}
    return plain


def _reads_characters(model: keras.Model) -> bool:
    """Floats `[B, L, F]` and no Embedding: rows of one-hot characters, or one number a character."""
    if not _has_inputs(model) or len(model.inputs) != 1 or len(_first(model).shape) != 3:
        return False
    width, words = _first(model).shape[-1], model.outputs[0].shape[-1]
    return str(_first(model).dtype).startswith("float") and width in (1, words) and words <= _LARGEST_ONE_HOT


def _with_table(model: keras.Model) -> keras.Model:
    """An Embedding in front whose rows are what the model was fed: exact, as a lookup multiplies nothing."""
    words, width = int(model.outputs[0].shape[-1]), int(_first(model).shape[-1])
    # Behind the characters a row of zeros, which is what loops leave where a text is shorter than the window.
    table = np.eye(words + 1, words, dtype=np.float32) if width == words else _scaled(words)
    ids = keras.Input((_first(model).shape[1],), dtype="int32")
    embedding = keras.layers.Embedding(len(table), width, name="characters")
    rows = embedding(ids)
    embedding.embeddings.assign(table)
    if isinstance(model, keras.Sequential):
        for layer in model.layers:
            rows = layer(rows)
        return keras.Model(ids, rows)
    return keras.Model(ids, model(rows))


def _scaled(words: int) -> NDArray[np.float32]:
    """Character k as k / V, as loops divide by the number of characters."""
    return (np.arange(words, dtype=np.float32) / np.float32(words))[:, None]


FORMS = (
    Form("its one input or output is taken out of its list or name", _is_lone_structure, _unpacked),
    Form("of its outputs the one of words is taken", _has_spare_outputs, _with_words_only),
    Form("its layers keep no state between calls and compute in float32", _remembers, _stateless),
    Form("its characters are looked up in a table instead of written as rows", _reads_characters, _with_table),
)
