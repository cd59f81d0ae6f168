"""The built wheel, and what it is put into."""

import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.light.environments import BARE, ENVIRONMENTS, ROOT, Light


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once, without the network."""
    out = tmp_path_factory.mktemp("dist")
    line = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="session")
def light_of(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Light]:
    """Put the wheel into an environment, once each."""

    @functools.cache
    def install(name: str) -> Light:
        python = BARE / name / "bin" / "python"
        if not python.exists() and name == "tflite-runtime" and sys.version_info >= (3, 12):
            pytest.skip("tflite-runtime has no release for Python 3.12 and newer")
        if not python.exists():
            pytest.fail(f"there is no environment {python.parents[1]}; `make test` makes it")
        line = [
            str(python),
            "-m",
            "pip",
            "install",
            "--no-index",
            "--no-deps",
            "--force-reinstall",
            "--quiet",
        ]
        subprocess.run([*line, str(wheel)], check=True, capture_output=True)
        return Light(name, ENVIRONMENTS[name], python.parent, tmp_path_factory.mktemp(name))

    return install


@pytest.fixture(params=ENVIRONMENTS)
def light(request: pytest.FixtureRequest, light_of: Callable[[str], Light]) -> Light:
    return light_of(request.param)
