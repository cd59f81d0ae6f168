"""Bombs: Keras files that would unpack to far more than a model has are refused before any of it is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from edgeword_export.errors import ModelError
from edgeword_export.keras_files import sizes
from edgeword_export.keras_files.reading import load_keras
from tests import tiny

GIBIBYTE = 1 << 30
WEIGHTS = "model.weights.h5"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model in both forms. Read it, never write it."""
    folder = tmp_path_factory.mktemp("saved")
    model = tiny.lstm()
    model.save(folder / "model.keras")
    model.save(folder / "model.h5")
    return folder


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, contents: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def with_dataset(content: bytes, path: Path, **options: object) -> bytes:
    """An HDF5 file with one dataset more."""
    path.write_bytes(content)
    with h5py.File(path, "r+") as file:
        file.create_dataset("more", **options)
    return path.read_bytes()


ABSURD = {"shape": (1 << 20, 1 << 20), "dtype": "f4", "chunks": (1, 1 << 10)}
"""4 TiB that take no byte of the file."""


def nothing_is_unpacked(*_arguments: object, **_keywords: object) -> None:
    pytest.fail("it was unpacked")


def test_a_bomb_is_refused_unread(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = {**members(saved / "model.keras"), "assets/zeros": bytes(100 << 20)}
    path = written(tmp_path / "bomb.keras", zeros, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    monkeypatch.setattr(zipfile.ZipFile, "open", nothing_is_unpacked)
    with pytest.raises(ModelError, match=r"bomb\.keras has [\d,]+ bytes and would unpack to 10[\d,]+, more than"):
        load_keras(path)


@pytest.mark.parametrize("name", ["config.json", WEIGHTS])
def test_a_directory_that_claims_gigabytes_is_refused_unread(
    name: str, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members(saved / "model.keras").items():
            archive.writestr(member, content)
            archive.getinfo(member).file_size += 4 * GIBIBYTE * (member == name)
    monkeypatch.setattr(zipfile.ZipFile, "open", nothing_is_unpacked)
    with pytest.raises(ModelError, match="would unpack to 4,29"):
        load_keras(path)


def test_a_directory_that_claims_too_little_gives_no_more(saved: Path, tmp_path: Path) -> None:
    """What is read ends at the size that was summed; its CRC is then that of something else."""
    path = tmp_path / "liar.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members(saved / "model.keras").items():
            archive.writestr(member, content + bytes((8 << 20) * (member == WEIGHTS)))
            archive.getinfo(member).file_size = len(content)
    with pytest.raises(ModelError, match=r"cannot read .*CRC"):
        load_keras(path)


def test_weights_of_an_absurd_shape_are_refused_unallocated(saved: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch.h5"
    contents = members(saved / "model.keras")
    keras = written(tmp_path / "model.keras", {**contents, WEIGHTS: with_dataset(contents[WEIGHTS], scratch, **ABSURD)})
    h5 = tmp_path / "model.h5"
    with_dataset((saved / "model.h5").read_bytes(), h5, **ABSURD)
    for path in (keras, h5):
        assert path.stat().st_size < 1 << 20
        with pytest.raises(ModelError, match="would unpack to 4,398,"):
            load_keras(path)


def elsewhere(file: h5py.File) -> None:
    file["more"] = h5py.ExternalLink("other.h5", "stolen")


def raw(file: h5py.File) -> None:
    file.create_dataset("more", (1,), "u1", external=[("/etc/hostname", 0, 1)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((1,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "stolen", (1,))
    file.create_virtual_dataset("more", layout)


@pytest.mark.parametrize("leak", [elsewhere, raw, virtual])
def test_what_lies_in_another_file_is_refused_in_both_forms(leak, saved: Path, tmp_path: Path) -> None:
    scratch, contents = tmp_path / "scratch.h5", members(saved / "model.keras")
    h5 = tmp_path / "model.h5"
    scratch.write_bytes(contents[WEIGHTS])
    h5.write_bytes((saved / "model.h5").read_bytes())
    for path in (scratch, h5):
        with h5py.File(path, "r+") as file:
            leak(file)
    for path in (written(tmp_path / "model.keras", {**contents, WEIGHTS: scratch.read_bytes()}), h5):
        with pytest.raises(ModelError, match="the weight '.*more' lies outside of the file"):
            load_keras(path)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_what_keras_writes_is_far_from_the_limits(name: str, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "SMALL_BYTES", 0)
    monkeypatch.setattr(sizes, "MOST_TIMES", 2)
    model, _ = load_keras(saved / name)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_no_file_is_so_large_that_its_weights_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MOST_BYTES", 1000)
    path = written(tmp_path / "model.keras", {"config.json": bytes(1001)})
    with pytest.raises(ModelError, match=r"would unpack to 1,001, more than the 1,000"):
        load_keras(path)
