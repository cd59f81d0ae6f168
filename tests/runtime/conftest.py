"""Bundles to damage, and no Keras: the runtime's tests run where only the runtime does."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Generator, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import edgeword
from edgeword.engines.engine import ENGINES

REFUSED = ("tensorflow", "keras", "tf2onnx")


class _Refusal(MetaPathFinder, Loader):
    """Finds them where they are, so that one may ask whether they are installed, and imports none."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path, target) if name.partition(".")[0] in REFUSED else None
        return found and ModuleSpec(name, self, origin=found.origin)

    def create_module(self, spec: ModuleSpec) -> None:
        raise ImportError(f"tests/runtime imports no {spec.name}: what is compared with Keras stands in tests/export")

    def exec_module(self, module: ModuleType) -> None:
        """Never reached."""


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
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    # pytest asks every conftest of the session about every test.
    with refusing() if Path(__file__).parent in item.path.parents else contextlib.nullcontext():
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


@pytest.fixture(scope="module", params=["step", "replay", "window"])
def models(request: pytest.FixtureRequest) -> list[edgeword.LanguageModel]:
    """A bundle's float32 variant on each engine."""
    path = request.getfixturevalue(f"{request.param}_bundle")
    return [edgeword.load(path, engine, "float32") for engine in ENGINES]
