"""Every command of the documents is one, with the options that it has; every Python block runs."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

import edgeword
from edgeword.cli.finding import find, parser_of
from tests.docs.documents import DOCUMENTS, ROOT, blocks, commands

NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
# Python of a notebook that is not there, and of a cluster; test_your_model.py runs the former.
ELSEWHERE = {"docs/your-model.md": 99, "docs/bulk.md": 1}


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_command_has_the_options_that_it_shows(document):
    for line in commands(document):
        program, *words = shlex.split(line)
        if Path(program).name == "edgeword" and words[:1] != ["--help"]:
            words = [word for word in words if word != "…"]
            parser_of(find(words[0])).parse_intermixed_args(words[1:])


def test_every_target_and_every_extra_that_a_document_names_is_there():
    makefile, project = (ROOT / "Makefile").read_text(), (ROOT / "pyproject.toml").read_text()
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"(?:^\$ |`)make ([a-z-]+)", text, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (document.name, target)
        for extras in re.findall(r"pip install [^\n`]*\[([a-z,-]+)\]", text):
            for extra in extras.split(","):
                assert re.search(rf"^{extra} = \[", project, re.MULTILINE), (document.name, extra)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_link_leads_to_a_file(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert target.startswith("http") or (document.parent / target).exists(), target


@pytest.mark.parametrize("name", ["README.md", "docs/generating.md", "docs/bulk.md", "docs/on-a-device.md"])
def test_every_python_block_runs_on_a_bundle(name, step_bundle, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for place in ("bundle", "demo/bundle"):
        shutil.copytree(step_bundle, place)
    Path("prompts.txt").write_text("the cell\n", encoding="utf-8")
    # A script that starts processes is its own main module.
    space = {"__name__": "__main__", "edgeword": edgeword, "prompts": ["the cell", "a gate"]}
    space["lm"] = edgeword.load("bundle")
    monkeypatch.setitem(sys.modules, "__main__", sys.modules[__name__])
    for block in blocks(ROOT / name, "python")[: ELSEWHERE.get(name)]:
        if "edgeword_export" not in block:  # tests/docs/test_notebook.py
            exec(compile(block, name, "exec"), space)  # noqa: S102 (our own documents)
