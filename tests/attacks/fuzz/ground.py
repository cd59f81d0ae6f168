"""What the cases work on, and how they ask: by the command line and by `edgeword.load`, which must agree."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgeword import EdgewordError, LanguageModel, load
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.packed import packed
from edgeword.cli.main import main
from edgeword.cli.terminal import escaped
from edgeword.engines.engine import ENGINES
from tests import tiny
from tests.golden import FOLDER
from tests.runtime import text_bundle

NAMES = ("step", "replay", "window")
TEXT = "text"
PROMPT = "the cell"
WORDS = 16
REFUSED = "refused"


class Ground:
    """Copies of the golden bundles, the words they say, and models of them. Cases leave it as they found it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundles = {name: Path(shutil.copytree(FOLDER / name, folder / name)) for name in NAMES}
        (folder / "other").mkdir()
        self.bundles[TEXT] = text_bundle.make("step", folder / "other", text_bundle.tokenizer())
        self.manifests = {name: _manifest(path) for name, path in self.bundles.items()}
        self.packed = {name: packed(Bundle(path).contents()) for name, path in self.bundles.items()}
        self.words = tuple({word for line in (*tiny.LINES, *text_bundle.LINES) for word in line.split()})
        self._models: dict[tuple[str, str], LanguageModel] = {}
        self.said = {(name, engine): self.model(name, engine).generate(PROMPT, WORDS).ids for name, engine in self.all}

    @property
    def all(self) -> list[tuple[str, str]]:
        """Bundles and engines."""
        return [(name, engine) for name in self.bundles for engine in ENGINES]

    def model(self, name: str, engine: str) -> LanguageModel:
        """Its float32, loaded once."""
        if (name, engine) not in self._models:
            self._models[name, engine] = load(self.bundles[name], engine, "float32")
        return self._models[name, engine]


def _manifest(bundle: Path) -> dict[str, Any]:
    data = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    del data["sha256"]
    return data


@contextlib.contextmanager
def changed_files(*paths: Path) -> Any:
    """What they hold is put back afterwards."""
    before = {path: path.read_bytes() for path in paths}
    try:
        yield
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def told(words: Sequence[str]) -> tuple[int, str, list[str]]:
    """A command's exit code, output and lines of complaint, each of which is one of edgeword's."""
    output, errors = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main(words)
    said, complaints = (_content(each) for each in (output, errors))
    lines = complaints.split("\n")[:-1]
    assert all(line.startswith("edgeword: ") for line in lines), lines
    assert code == 0 or lines
    assert code in (0, 1, 2)
    return code, said, lines


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]


def one_line(error: EdgewordError) -> str:
    """As the command line says it."""
    return f"edgeword: {escaped(' '.join(str(error).splitlines()))}"


def said_by(bundle: Path, engine: str) -> tuple[int, ...] | None:
    """The ids that a bundle says, asked for in both ways; None where both refuse it with the same line."""
    _forget()
    code, output, lines = told(["generate", str(bundle), PROMPT, "-n", str(WORDS), "--engine", engine, "--json"])
    try:
        generation = load(bundle, engine).generate(PROMPT, WORDS)
    except EdgewordError as error:
        assert (code, lines[-1]) == (error.exit_code, one_line(error))  # noqa: PT017
        return None
    assert code == 0, lines
    assert json.loads(output, parse_constant=_no_number)["ids"] == list(generation.ids)
    assert all(logprob <= 0 for logprob in generation.logprobs)
    return generation.ids


def _no_number(constant: str) -> None:
    raise AssertionError(f"{constant} in the output")


def _forget() -> None:
    """What was remembered of bundles that will not come again."""
    shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"]) / "edgeword", ignore_errors=True)
