"""A Keras file of any age, opened, mended where it has to be, and turned into a model."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import keras

import edgeword_train.models.projections  # noqa: F401 (registers the cells that a run may hold)
from edgeword.errors import EdgewordError, InputFileError
from edgeword_export.errors import ModelError
from edgeword_export.keras_files import h5_weights, refusals, sizes, zip_weights
from edgeword_export.keras_files.layer_config import LayerConfig
from edgeword_export.keras_files.mends import mended
from edgeword_export.keras_files.paths import check_path

_WEIGHTS = "model.weights.h5"


def load_keras(path: Path, custom_objects: Mapping[str, Any] | None = None) -> tuple[keras.Model, tuple[str, ...]]:
    """Read a `.keras`, `.h5` or `.hdf5` file of Keras 1, 2 or 3, and say what had to be mended in it.

    Code inside the file is never run. Raises InputFileError where there is no file, ModelError for one that
    cannot be read.
    """
    check_path(path)
    try:
        # Keras 2 wrote HDF5 under the name .keras, too.
        model, mends = (_read_h5 if h5py.is_hdf5(path) else _read_zip)(path, dict(custom_objects or {}))
    except EdgewordError:
        raise
    except Exception as error:  # Keras and h5py raise whatever the damaged part of the file led to
        raise refusals.unreadable(path, error) from None
    return model, mends


def _read_h5(path: Path, custom_objects: dict[str, Any]) -> tuple[keras.Model, tuple[str, ...]]:
    with h5py.File(path, "r") as file:
        sizes.check_h5(path, file, path.stat().st_size)
        if "model_config" not in file.attrs:
            raise refusals.weights_only(path)
        config = _parsed(h5_weights.text(file.attrs["model_config"]))
        version = h5_weights.text(file.attrs.get("keras_version", "1"))
        readable, mends = _mended(path, config, version)
        if not mends and path.suffix != ".keras":
            return _as_it_is(path, custom_objects), ()
        model = _built(readable, custom_objects)
        h5_weights.load(model, config, file["model_weights"])
    return model, mends


def _read_zip(path: Path, custom_objects: dict[str, Any]) -> tuple[keras.Model, tuple[str, ...]]:
    if not zipfile.is_zipfile(path):
        raise ModelError(f"Keras cannot read {path}: it is cut off or no .keras file; save or copy it again")
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        sizes.check_zip(path, archive)
        weights = _extracted(path, archive, folder)
        with h5py.File(weights, "r") as file:
            sizes.check_h5(path, file, weights.stat().st_size)
        config = _parsed(archive.read("config.json").decode())
        version = json.loads(archive.read("metadata.json"))["keras_version"]
        readable, mends = _mended(path, config, version)
        if not mends:
            return _as_it_is(path, custom_objects), ()
        model = _built(readable, custom_objects)
        zip_weights.renamed(weights)
        model.load_weights(weights)
    return model, mends


def _extracted(path: Path, archive: zipfile.ZipFile, folder: str) -> Path:
    """The weights as a file; raises InputFileError where there is no room for it."""
    try:
        return Path(archive.extract(_WEIGHTS, folder))
    except OSError as error:
        reason = f"cannot unpack the weights of {path} in {folder}: {error.strerror or error}"
        raise InputFileError(f"{reason}; set TMPDIR to a folder with space") from None


def _mended(path: Path, config: LayerConfig, version: str) -> tuple[LayerConfig, tuple[str, ...]]:
    refusals.check_config(path, config)
    readable, mends = mended(config, version)
    refusals.check_operations(path, readable)
    return readable, mends


def _as_it_is(path: Path, custom_objects: dict[str, Any]) -> keras.Model:
    return keras.models.load_model(path, custom_objects=custom_objects, compile=False, safe_mode=True)


def _built(config: LayerConfig, custom_objects: dict[str, Any]) -> keras.Model:
    name = "Model" if config["class_name"] == "Functional" else config["class_name"]
    named = {"module": "keras", "registered_name": None, **config, "class_name": name}
    return keras.saving.deserialize_keras_object(named, custom_objects=custom_objects, safe_mode=True)


def _parsed(text: str) -> LayerConfig:
    config = json.loads(text, object_hook=_plain)
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise ModelError("its configuration describes no model; save the model again")
    return config


def _plain(value: dict[str, Any]) -> Any:
    """Shapes and tuples, which TensorFlow wrote as objects, as lists."""
    return value["items"] if value.get("class_name") in ("TensorShape", "__tuple__") and "items" in value else value
