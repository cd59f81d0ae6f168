"""Which engine comes as a wheel for a machine."""

from __future__ import annotations

import pytest

from edgeword.cli.commands import doctor
from edgeword.cli.commands.doctor import fitting_extra

WIDE, NARROW = 2**63 - 1, 2**31 - 1
MACHINES = {
    "a workstation": (("Linux", "x86_64", (3, 13), WIDE), "litert"),
    "a Raspberry Pi, 64 bit": (("Linux", "aarch64", (3, 13), WIDE), "litert"),
    "a Raspberry Pi, 32 bit": (("Linux", "armv7l", (3, 11), NARROW), "tflite-runtime"),
    "the same with a 64-bit kernel": (("Linux", "aarch64", (3, 11), NARROW), "tflite-runtime"),
    "the same with a newer Python": (("Linux", "armv7l", (3, 13), NARROW), None),
    "a first Raspberry Pi": (("Linux", "armv6l", (3, 11), NARROW), None),
    "a Mac": (("Darwin", "arm64", (3, 12), WIDE), "litert"),
    "what else there is": (("Windows", "AMD64", (3, 12), WIDE), "onnx"),
}


@pytest.mark.parametrize(("machine", "extra"), MACHINES.values(), ids=MACHINES)
def test_the_extra_that_fits(machine, extra):
    assert fitting_extra(*machine) == extra


def test_an_extra_without_wheels_for_this_python_is_not_ready(run, monkeypatch):
    whole = doctor.requirements_of
    monkeypatch.setattr(doctor, "requirements_of", lambda extra: () if extra == "tflite-runtime" else whole(extra))
    monkeypatch.setattr(doctor, "missing_from", lambda _extra: ())
    lines = run("doctor")[1].splitlines()
    assert "tflite-runtime  has nothing to install for this Python" in lines
