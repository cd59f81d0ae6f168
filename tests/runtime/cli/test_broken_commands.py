"""Commands of other packages that cannot be loaded: named, and no harm to the others."""

from __future__ import annotations

import pytest

from edgeword.cli import finding as line
from tests.runtime.cli.lines import one_line


def raising(error):
    def load():
        raise error

    return load


BROKEN = {
    "ImportError": raising(ImportError("No module named 'edgeword_more'")),
    "SyntaxError": raising(SyntaxError("invalid syntax")),
    "SystemExit": raising(SystemExit(3)),
    "RecursionError": raising(RecursionError()),
    "KeyError": raising(KeyError("HOME")),
    "it is no Command": lambda: "not a command",
}


@pytest.fixture(params=BROKEN)
def broken(request, monkeypatch):
    whole = line._registered()
    monkeypatch.setattr(line, "_registered", lambda: {**whole, "more": BROKEN[request.param]})
    return request.param


def test_help_names_it_and_lists_the_others(run, broken):
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    lines = {row.split()[0]: row for row in out.splitlines() if row.startswith("  ")}
    assert f"the command more cannot be loaded ({broken}" in lines["more"]
    assert "install its package again" in lines["more"]
    assert {"generate", "doctor", "train", "export"} <= set(lines)


def test_asked_for_it_is_one_line_and_exit_code_2(run, broken):
    code, out, err = run("more", "x")
    assert (code, out) == (2, "")
    assert one_line(err)
    assert f"the command more cannot be loaded ({broken}" in err


def test_the_others_run(run, broken):
    assert run("info", "STEP")[0] == 0
