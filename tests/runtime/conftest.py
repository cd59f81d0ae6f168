"""Bundles to damage, and no Keras: the runtime's tests run where only the runtime does."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Generator, Iterator
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest

REFUSED = ("tensorflow", "keras", "tf2onnx")


class _Refusal(MetaPathFinder):
    """Finds none of them, wherever they are."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] in REFUSED:
            raise ImportError(f"tests/runtime imports no {name}: compare with Keras in tests/export")


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """For these tests alone: others of the same session need what is refused here."""
    refusal = _Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        yield
    finally:
        sys.meta_path.remove(refusal)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    with refusing():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, Any, Any]:
    with refusing():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures of a wider scope than a test load bundles too, and leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def bundle(step_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the step bundle."""
    return Path(shutil.copytree(step_bundle, tmp_path / "bundle"))
