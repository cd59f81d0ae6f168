"""What a path says of a model before Keras is there to read it."""

from __future__ import annotations

from pathlib import Path

from edgeword.errors import InputFileError
from edgeword_export.errors import ModelError

SUFFIXES = (".keras", ".h5", ".hdf5")
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def is_saved_model(path: Path) -> bool:
    """Whether a path is a folder that TensorFlow's `save` wrote."""
    return (path / "saved_model.pb").is_file()


def check_path(path: Path) -> None:
    """Refuse what is no file of Keras' by its name and its first bytes alone."""
    if is_saved_model(path):
        raise ModelError(
            f"{path} is a SavedModel folder, which Keras 3 does not read; load it with the TensorFlow that wrote it "
            "(tf.keras.models.load_model), save it as model.h5 and give that"
        )
    if not path.is_file():
        raise InputFileError(f"there is no file {path}; give a run folder, a .keras or a .h5 file")
    with path.open("rb") as file:
        if file.read(len(_LFS_POINTER)) == _LFS_POINTER:
            raise ModelError(f"{path} is a Git-LFS pointer, not the model itself; fetch it with: git lfs pull")
    if path.suffix not in SUFFIXES:
        raise ModelError(f"{path} is neither a run folder nor a {', '.join(SUFFIXES)} file; save it with Keras")
