"""Files that other Kerases wrote are read, and give the answers that those gave."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers as k

from edgeword.errors import EdgewordError, InputFileError
from edgeword_export.errors import ModelError
from edgeword_export.keras_files import mends
from edgeword_export.keras_files.reading import load_keras
from tests import tiny

FOLDER = Path(__file__).parent / "keras_files"
ANSWERS = {folder.parent.name: json.loads(folder.read_text("utf-8")) for folder in FOLDER.glob("*/answers.json")}
FILES = sorted(f"{writer}/{file}" for writer, said in ANSWERS.items() for file in said["answers"])
TOLERANCES = {"mixed_precision": 1e-3}


def unpacked(file: str, folder: Path) -> Path:
    """The file as its Keras wrote it."""
    path = folder / Path(file).name
    path.write_bytes(gzip.decompress((FOLDER / f"{file}.gz").read_bytes()))
    return path


def answers(model, ids):
    """The model's answers to ids `[B, L]`, each text from a fresh state."""
    rows = np.eye(model.input_shape[-1])[ids] if len(model.input_shape) == 3 else np.array(ids)
    batch = model.input_shape[0] or len(rows)
    said = []
    for start in range(0, len(rows), batch):
        said.append(np.asarray(model(rows[start : start + batch], training=False)))
        for layer in model.layers:
            if getattr(layer, "stateful", False):
                layer.reset_state()
    return np.concatenate(said)


@pytest.mark.parametrize("file", FILES)
def test_a_file_gives_the_answers_that_its_keras_gave(file, tmp_path):
    writer, name = file.split("/")
    model, mended = load_keras(unpacked(file, tmp_path))
    said = ANSWERS[writer]
    tolerance = TOLERANCES.get(name.partition(".")[0], 1e-5)
    np.testing.assert_allclose(answers(model, said["ids"]), said["answers"][name], rtol=0, atol=tolerance)
    assert mended


def test_every_mend_is_needed_by_a_file(tmp_path):
    said = {mend for file in FILES for mend in load_keras(unpacked(file, tmp_path))[1]}
    table = {mend.name for mend in (*mends.OF_KERAS_1_AND_2, *mends.OF_KERAS_3)}
    assert said == table


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_file_of_this_keras_is_read_as_it_is(ending, tmp_path):
    model = tiny.lstm()
    model.save(tmp_path / f"model.{ending}")
    read, mended = load_keras(tmp_path / f"model.{ending}")
    assert mended == ()
    ids = np.ones((1, 5), np.int32)
    np.testing.assert_array_equal(model(ids), read(ids))


def test_an_hdf5_file_under_the_name_keras_is_read(tmp_path):
    path = unpacked("tf.keras-2.2.4-tf/lstm.h5", tmp_path)
    model, _ = load_keras(path.rename(tmp_path / "lstm.keras"))
    said = ANSWERS["tf.keras-2.2.4-tf"]
    np.testing.assert_allclose(answers(model, said["ids"]), said["answers"]["lstm.h5"], atol=1e-5)


def test_layers_are_filled_by_name_whatever_their_order_in_the_file(tmp_path):
    path = unpacked("tf.keras-2.15.1/branches.h5", tmp_path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights"]
        group.attrs["layer_names"] = group.attrs["layer_names"][::-1]
    said = ANSWERS["tf.keras-2.15.1"]
    model, _ = load_keras(path)
    np.testing.assert_allclose(answers(model, said["ids"]), said["answers"]["branches.h5"], atol=1e-5)


def test_a_keras_file_of_windows_is_read(tmp_path):
    """There the path of a group of weights was its name."""
    path = unpacked("tf.keras-2.15.1/bidirectional.keras", tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "posix.h5").write_bytes(parts["model.weights.h5"])
    with h5py.File(tmp_path / "posix.h5") as posix, h5py.File(tmp_path / "windows.h5", "w") as windows:
        names: list[str] = []
        posix.visit(names.append)
        for name in names:
            if name.endswith("/vars"):
                posix.copy(name, windows, name.replace("/", "\\"))
    parts["model.weights.h5"] = (tmp_path / "windows.h5").read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    model, _ = load_keras(path)
    said = ANSWERS["tf.keras-2.15.1"]
    np.testing.assert_allclose(answers(model, said["ids"]), said["answers"]["bidirectional.keras"], atol=1e-5)


def weights_only(path):
    tiny.lstm().save_weights(path.with_suffix(".weights.h5"))
    path.with_suffix(".weights.h5").rename(path)


def old_weights_only(path):
    model = unpacked("tf.keras-2.15.1/lstm.h5", path.parent / "whole")
    with h5py.File(model) as whole, h5py.File(path, "w") as file:
        whole.copy(whole["model_weights"], file, "dense")
        file.attrs["layer_names"] = ["dense"]


def lfs_pointer(path):
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1\n", "utf-8")


def saved_model(path):
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"")


def unknown_function(path):
    edit_config(path, lambda text: text.replace("math.multiply", "signal.frame"), "tf.keras-2.15.1/sliced.h5")


def time_major(path):
    edit_config(path, lambda text: text.replace('"time_major": false', '"time_major": true'))


def other_shape(path):
    edit_config(path, lambda text: text.replace('"units": 7', '"units": 8'))


def unreadable_regularizer(path):
    model = keras.Sequential([keras.Input((4,)), k.Dense(2, kernel_regularizer="l2")])
    model.save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace("L2", "Sparse")


def outside(path):
    edit_config(path, str)
    with h5py.File(path, "r+") as file, h5py.File(path.with_name("other.h5"), "w") as other:
        group = file["model_weights/dense/dense"] if "dense" in file["model_weights"] else None
        group = group or next(iter(file["model_weights"].values()))
        name = next(name for name in _datasets(file["model_weights"]))
        other["stolen"] = file["model_weights"][name][()]
        del file["model_weights"][name]
        file["model_weights"][name] = h5py.ExternalLink(str(path.with_name("other.h5")), "stolen")


def _datasets(group):
    names = []
    group.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return names


def edit_config(path, change, file="tf.keras-2.15.1/lstm.h5"):
    whole = path.parent / "whole"
    whole.mkdir(exist_ok=True)
    unpacked(file, whole).rename(path)
    with h5py.File(path, "r+") as opened:
        opened.attrs["model_config"] = change(opened.attrs["model_config"])


REFUSED = {
    "no file": (lambda path: None, InputFileError, "there is no file"),
    "weights only, of Keras 3": (weights_only, ModelError, "holds weights only; build the model in Python"),
    "weights only, of Keras 2": (old_weights_only, ModelError, "holds weights only; build the model in Python"),
    "a Git-LFS pointer": (lfs_pointer, ModelError, "git lfs pull"),
    "a SavedModel folder": (saved_model, ModelError, "SavedModel folder"),
    "a TensorFlow function": (unknown_function, ModelError, "'signal.frame' between its layers"),
    "time in front": (time_major, ModelError, "time_major=True"),
    "weights of another shape": (other_shape, ModelError, "has weights of the shapes"),
    "a weight outside of the file": (outside, ModelError, "lies outside of the file"),
    "another's regularizer": (unreadable_regularizer, ModelError, "does not know 'Sparse'"),
    "no model": (lambda path: path.write_bytes(b"nothing"), ModelError, "save"),
}


@pytest.mark.parametrize(("make", "error", "fragment"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_says_what_to_do(make, error, fragment, tmp_path):
    (tmp_path / "whole").mkdir()
    make(tmp_path / "model.h5")
    with pytest.raises(error) as caught:
        load_keras(tmp_path / "model.h5")
    assert fragment in str(caught.value)
    assert isinstance(caught.value, EdgewordError)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def outcome(path):
    try:
        load_keras(path)
    except EdgewordError as error:
        return str(error)
    return "read"


@pytest.mark.parametrize("damage", range(0, 100, 7))
def test_a_damaged_file_is_refused_in_one_line_or_read(damage, tmp_path):
    for file in ("tf.keras-2.15.1/lstm.h5", "tf.keras-2.15.1/lstm.keras"):
        path = unpacked(file, tmp_path)
        content = bytearray(path.read_bytes())
        place = len(content) * damage // 100
        content[place : place + 16] = bytes(16)
        path.write_bytes(content)
        assert "\n" not in outcome(path)


def test_an_old_lambda_is_refused_before_anything_is_built(tmp_path):
    def lambda_in_place_of_dropout(text):
        return text.replace('"class_name": "Dropout"', '"class_name": "Lambda"')

    edit_config(tmp_path / "model.h5", lambda_in_place_of_dropout)
    with pytest.raises(ModelError, match="the Lambda layer 'dropout.*' holds code"):
        load_keras(tmp_path / "model.h5")


def test_a_regularizer_of_ones_own_is_not_asked_for(tmp_path):
    edit_config(tmp_path / "model.h5", lambda text: text.replace("GlorotUniform", "MyInitializer"))
    load_keras(tmp_path / "model.h5")


def test_a_layer_of_ones_own_in_an_old_file_is_asked_for_and_taken(tmp_path):
    edit_config(tmp_path / "model.h5", lambda text: text.replace('"class_name": "Dropout"', '"class_name": "Same"'))
    with pytest.raises(ModelError, match="--custom-objects module:Same"):
        load_keras(tmp_path / "model.h5")
    model, _ = load_keras(tmp_path / "model.h5", {"Same": k.Dropout})
    said = ANSWERS["tf.keras-2.15.1"]
    np.testing.assert_allclose(answers(model, said["ids"]), said["answers"]["lstm.h5"], atol=1e-5)


def test_a_keras_file_without_its_weights_is_refused(tmp_path):
    path = unpacked("tf.keras-2.15.1/lstm.keras", tmp_path)
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "cut.keras", "w") as cut:
        for name in ("config.json", "metadata.json"):
            cut.writestr(name, whole.read(name))
    with pytest.raises(ModelError, match="Keras cannot read"):
        load_keras(tmp_path / "cut.keras")
