"""What the wheel holds and needs."""

import zipfile
from pathlib import Path

from tests.runtime.light.environments import ROOT

PACKAGES = ("edgeword", "edgeword_train", "edgeword_export", "edgeword_bench")


def test_the_wheel_holds_the_four_packages_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    information = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert {name.split("/")[0] for name in names - information} == set(PACKAGES)
    assert {f"{package}/__init__.py" for package in PACKAGES} <= names
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert {"edgeword_train/data/corpora/primer.txt", "edgeword_bench/report/page.html"} <= names
    assert not [name for name in names if "tests/" in name or "/test_" in name or "__pycache__" in name]
    assert {Path(name).suffix for name in names - information} == {".py", ".typed", ".txt", ".html"}


def test_the_wheel_holds_every_module(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.endswith(".py")}
    sources = {
        str(path.relative_to(folder))
        for folder in (ROOT / name for name in ("runtime", "train", "export", "benchmarks"))
        for package in PACKAGES
        for path in (folder / package).rglob("*.py")
    }
    assert held == sources


def test_the_wheel_needs_numpy_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        lines = archive.read(metadata).decode().splitlines()
    needed = [line for line in lines if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert [line.split()[1].partition(">")[0] for line in needed] == ["numpy"]
