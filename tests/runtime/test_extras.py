"""What an extra needs is what the metadata say, and what is missing is named with the command that installs it."""

from __future__ import annotations

import importlib.metadata
import sys
from email.message import Message

import pytest

from edgeword import EdgewordError
from edgeword import extras as module
from edgeword.errors import UsageError
from edgeword.extras import MissingExtraError, is_installed, missing_from, require, requirements_of
from edgeword.installing import install_command

EXTRAS = ("light", "pictures", "heavy", "everything", "old", "round", "here")
REQUIREMENTS = (
    "numpy>=1.23",
    "no-such-engine>=2.0; extra == 'light'",
    'no.such-drawing[fast,small]<4,>=3.8 ; extra == "pictures"',
    "edgeword[light]; extra == 'heavy'",
    "numpy; extra == 'heavy'",
    "no-such-converter; extra == 'heavy'",
    "edgeword[heavy, pictures,light]; extra == 'everything'",
    "too-old; (python_version < '3.9') and extra == 'old'",
    "numpy<2; python_version >= '3.10' and extra == 'old'",
    "edgeword[round]; extra == 'round'",
    "numpy; extra == 'round'",
    f"numpy; sys_platform == '{sys.platform}' and extra == 'here'",
    f"elsewhere; sys_platform != '{sys.platform}' and extra == 'here'",
)


@pytest.fixture
def distribution(monkeypatch: pytest.MonkeyPatch) -> Message:
    """Metadata as an installer may have written them, in place of edgeword's own."""
    message = Message()
    for extra in EXTRAS:
        message["Provides-Extra"] = extra
    for requirement in REQUIREMENTS:
        message["Requires-Dist"] = requirement
    monkeypatch.setattr(importlib.metadata, "metadata", lambda _name: message)
    return message


@pytest.mark.usefixtures("distribution")
@pytest.mark.parametrize(
    ("extra", "names"),
    [
        ("light", ["no-such-engine"]),
        ("pictures", ["no.such-drawing"]),
        ("heavy", ["no-such-engine", "numpy", "no-such-converter"]),
        ("everything", ["no-such-engine", "numpy", "no-such-converter", "no.such-drawing"]),
        ("old", ["numpy"]),
        ("round", ["numpy"]),
        ("here", ["numpy"]),
    ],
)
def test_an_extra_needs_what_its_metadata_say(extra: str, names: list[str]) -> None:
    assert list(requirements_of(extra)) == names
    assert list(missing_from(extra)) == [name for name in names if name != "numpy"]


@pytest.mark.usefixtures("distribution")
@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("light", f"no-such-engine is not installed; {install_command('light')}"),
        ("heavy", f"no-such-engine, no-such-converter are not installed; {install_command('heavy')}"),
    ],
)
def test_a_missing_package_is_one_line_with_the_command_that_installs_it(extra: str, message: str) -> None:
    with pytest.raises(MissingExtraError) as caught:
        require(extra)
    assert str(caught.value) == message
    assert (caught.value.exit_code, isinstance(caught.value, ImportError)) == (2, True)


@pytest.mark.usefixtures("distribution")
def test_an_extra_that_is_complete_is_no_error() -> None:
    require("old")


@pytest.mark.usefixtures("distribution")
def test_an_unknown_extra_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no extra 'litre'; choose one of light, pictures"):
        requirements_of("litre")


@pytest.mark.parametrize(
    "requirement", ["; extra == 'light'", "numpy; implementation_name == 'x' and extra == 'light'", "numpy; extra"]
)
def test_metadata_that_cannot_be_read_are_refused(distribution: Message, requirement: str) -> None:
    distribution["Requires-Dist"] = requirement
    with pytest.raises(EdgewordError, match=r"metadata of edgeword hold .*; install it again"):
        requirements_of("light")


def test_sources_that_were_never_installed_name_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DISTRIBUTION", "edgeword-nowhere")
    with pytest.raises(MissingExtraError, match=r"never installed here; .*install .*\[litert\]"):
        require("train")


def test_a_package_may_come_under_another_distribution_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As tensorflow does in tensorflow-cpu."""

    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert is_installed("numpy")
    assert not is_installed("no-such-package")


def test_a_distribution_may_be_imported_under_another_name() -> None:
    assert is_installed("pytest-xdist")


def test_every_extra_of_this_distribution_can_be_read() -> None:
    """And export needs all that training does, and the converter to ONNX."""
    names = importlib.metadata.metadata("edgeword").get_all("Provides-Extra")
    own = {extra: set(requirements_of(extra)) for extra in names}
    assert {"tensorflow", "keras"} <= own["train"] < own["export"] <= own["all"] <= own["dev"]
    assert "tf2onnx" in own["export"]
    assert (own["litert"], own["onnx"]) == ({"ai-edge-litert"}, {"onnxruntime"})
