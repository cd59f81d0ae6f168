"""A file of a run is the old one or the new one, whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeword import InputFileError
from edgeword_train.run.writing import replacing, write_record, write_text


@dataclass(frozen=True)
class Record:
    name: str
    figures: tuple[float, ...]


def write_half(file: Path, error: BaseException) -> None:
    with replacing(file) as partial:
        partial.write_text("half of the n")
        raise error


def test_a_record_is_written_as_json(tmp_path: Path) -> None:
    write_record(tmp_path / "file.json", Record("naïve", (1.5, 2.0)))
    text = (tmp_path / "file.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"name": "naïve", "figures": [1.5, 2.0]}
    assert "naïve" in text
    assert text.endswith("}\n")


def test_what_is_no_number_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_record(tmp_path / "file.json", Record("", (float("nan"),)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    file = tmp_path / "file.txt"
    write_text(file, "old")
    with pytest.raises(error):
        write_half(file, error())
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_place_for_the_new_file_has_its_suffix(tmp_path: Path) -> None:
    """Keras tells by the suffix how a model is saved."""
    with replacing(tmp_path / "model.keras") as partial:
        assert (partial.suffix, partial.parent) == (".keras", tmp_path)
        partial.touch()
    assert (tmp_path / "model.keras").exists()


def test_a_full_disk_is_one_line_that_says_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"^cannot write .*: No space left on device; free .* --resume RUN$"):
        write_half(tmp_path / "file.txt", OSError(28, "No space left on device"))


def test_a_path_that_is_no_text_is_kept(tmp_path: Path) -> None:
    """Its bytes come as surrogates, and come back."""
    write_record(tmp_path / "file.json", Record("caf\udce9 é", ()))
    assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8"))["name"] == "caf\udce9 é"
