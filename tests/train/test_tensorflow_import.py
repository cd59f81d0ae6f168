"""What training needs is looked for before anything is imported, and comes in without its banners."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from edgeword import extras
from edgeword.extras import MissingExtraError
from edgeword_train import tensorflow_import
from edgeword_train.tensorflow_import import held_back_stderr, load_tensorflow, prepare_tensorflow


def in_a_fresh_process(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)


def test_a_missing_package_is_named_before_anything_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda name: name != "keras")
    monkeypatch.setattr(tensorflow_import.importlib, "import_module", pytest.fail)
    with pytest.raises(MissingExtraError, match=r'^keras is not installed; .*install .*\[train\]"$'):
        load_tensorflow("train")


def test_export_without_its_converter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda name: name != "tf2onnx")
    with pytest.raises(MissingExtraError, match=r'^tf2onnx is not installed; .*install .*\[export\]"$'):
        prepare_tensorflow("export")


def test_a_package_that_cannot_be_imported_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        if name == "matplotlib":
            raise ImportError("libpng.so.16 is missing\nand so on")

    monkeypatch.setattr(tensorflow_import.importlib, "import_module", broken)
    message = r"^matplotlib is installed but cannot be imported \(libpng.so.16 is missing\); .*install "
    with pytest.raises(MissingExtraError, match=message):
        load_tensorflow("train")


def test_tensorflow_comes_first_and_the_user_s_own_settings_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    monkeypatch.setattr(tensorflow_import.importlib, "import_module", imported.append)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    load_tensorflow("train")
    assert imported[0] == "tensorflow"
    assert {"keras", "matplotlib"} <= set(imported)
    assert (os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["KERAS_BACKEND"]) == ("0", "tensorflow")


def test_tensorflow_is_imported_without_a_word() -> None:
    done = in_a_fresh_process(
        "import sys; from edgeword_train.tensorflow_import import load_tensorflow\n"
        "load_tensorflow('train'); sys.exit('tensorflow' not in sys.modules)"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("failing", "shown"), [(False, ""), (True, "as C++ does\n")])
def test_standard_error_is_given_out_when_the_block_fails(
    failing: bool, shown: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def block() -> None:
        os.write(2, b"as C++ does\n")
        if failing:
            raise ValueError

    try:
        with held_back_stderr():
            block()
    except ValueError:
        assert failing
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == f"{shown}afterwards\n"


def test_a_closed_standard_error_is_no_error() -> None:
    done = in_a_fresh_process(
        "import os; from edgeword_train.tensorflow_import import held_back_stderr\n"
        "os.close(2)\nwith held_back_stderr(): print('done')"
    )
    assert (done.returncode, done.stdout) == (0, "done\n")
