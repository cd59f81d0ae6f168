"""The `edgeword` line, run in this process."""

import io
import sys

import pytest

from edgeword.cli.main import main


@pytest.fixture
def typed(monkeypatch):
    """Put bytes on standard input."""

    def run(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return run


@pytest.fixture
def run(step_bundle, window_bundle, capsys):
    """Run a line in which STEP and WINDOW stand for bundles: exit code, standard output, standard error."""

    def run_line(*words: str) -> tuple[int, str, str]:
        paths = {"STEP": str(step_bundle), "WINDOW": str(window_bundle)}
        code = main([paths.get(word, word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_line
