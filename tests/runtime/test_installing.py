"""What is to be run works from where edgeword came and where one stands."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path

import pytest

from edgeword import installing
from edgeword.installing import edgeword_program, install_command, install_command_elsewhere


class Told:
    """A distribution with what its installer wrote of a direct URL."""

    def __init__(self, told: str | None) -> None:
        self._told = told

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self._told


@pytest.fixture
def came_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Pretend that edgeword was installed from a place; pip is at hand."""
    monkeypatch.setattr(installing, "_program", lambda name: name)
    monkeypatch.chdir(tmp_path)

    def install(url: str | None, **facts: object) -> None:
        told = None if url is None else json.dumps({"url": url, **facts})
        monkeypatch.setattr(importlib.metadata, "distribution", lambda _name: Told(told))

    return install


def test_a_release_is_named(came_from):
    came_from(None)
    assert install_command("litert") == install_command_elsewhere("litert") == 'pip install "edgeword[litert]"'


@pytest.mark.parametrize("editable", [True, False])
def test_a_clone_is_where_it_is_seen_from_here(came_from, tmp_path, monkeypatch, editable):
    clone = tmp_path / "a clone"
    clone.mkdir()
    came_from(clone.as_uri(), dir_info={"editable": editable})
    flag = "--editable " if editable else ""
    assert install_command("onnx") == f'pip install {flag}"./a clone[onnx]"'
    monkeypatch.chdir(clone)
    assert install_command("onnx") == f'pip install {flag}".[onnx]"'
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert install_command("onnx") == f'pip install {flag}"{clone}[onnx]"'
    assert install_command_elsewhere("onnx") == 'pip install ".[onnx]"'


def test_a_wheel_that_is_gone_is_not_named(came_from, tmp_path):
    wheel = tmp_path / "edgeword-1-py3-none-any.whl"
    wheel.touch()
    came_from(wheel.as_uri(), archive_info={})
    assert install_command("litert") == f'pip install "./{wheel.name}[litert]"'
    wheel.unlink()
    assert install_command("litert") == 'pip install "edgeword[litert]"'


def test_what_came_from_the_network_is_a_release(came_from):
    came_from("https://example.org/edgeword.zip", archive_info={})
    assert install_command("litert") == 'pip install "edgeword[litert]"'


def test_sources_on_the_path_name_their_clone(monkeypatch):
    def nothing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", nothing)
    assert install_command("litert").endswith(f'{Path(installing.__file__).parents[2]}[litert]"') or ".[litert]" in (
        install_command("litert")
    )


def test_a_program_is_called_by_its_name_only_where_a_shell_finds_that_one(monkeypatch, tmp_path):
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    for name in ("python", "edgeword"):
        (folder / name).touch(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir(tmp_path)
    assert edgeword_program() == "./.venv/bin/edgeword"
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin")
    assert edgeword_program() == "edgeword"
    (folder / "edgeword").unlink()
    assert edgeword_program() == "./.venv/bin/python -m edgeword"
