"""What stands in examples/, run as its first lines say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgeword

EXAMPLES = Path(__file__).parents[2] / "examples"


def python(name: str, *words: object, typed: str = "") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, str(EXAMPLES / name), *map(str, words)]
    return subprocess.run(line, input=typed, capture_output=True, encoding="utf-8", check=False, timeout=60)


def test_a_keyboard_suggests_three_words_after_each_key(step_bundle):
    done = python("keyboard.py", step_bundle, typed="the c1x\x7fa\n")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    lm = edgeword.load(step_bundle)
    words = [found.word for found in lm.suggest("the", k=3, prefix="c")]
    assert lines[4] == "the c|   " + "   ".join(f"{number} {word}" for number, word in enumerate(words, 1))
    assert lines[-1] == f"the {words[0]} a"


def test_a_kiosk_never_says_what_is_denied(step_bundle, tmp_path):
    lm = edgeword.load(step_bundle)
    denied = lm.generate("the cell", 1).words[0].strip()
    (tmp_path / "denied.txt").write_text(f"{denied}\n", encoding="utf-8")
    done = python("kiosk.py", step_bundle, tmp_path / "denied.txt", typed="the cell\na device\n")
    assert (done.returncode, done.stderr) == (0, "")
    expected = [lm.generate(prompt, 12, deny={denied}, stop=["."]).text.strip() for prompt in ("the cell", "a device")]
    assert [line.partition(" … ")[2] for line in done.stdout.splitlines()] == expected
    assert denied not in " ".join(expected).split()


def test_a_kiosk_without_its_bundle_says_so_in_one_line(tmp_path):
    done = python("kiosk.py", tmp_path / "nowhere", tmp_path / "denied.txt")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_a_night_goes_on_where_the_last_one_ended(step_bundle, tmp_path):
    (tmp_path / "edgeword").write_text(f'#!/bin/sh\nexec {sys.executable} -m edgeword "$@"\n')
    (tmp_path / "edgeword").chmod(0o755)
    (tmp_path / "prompts.txt").write_text("the cell\na device\n", encoding="utf-8")
    line = ["sh", str(EXAMPLES / "night.sh"), str(step_bundle), "prompts.txt", "answers.jsonl"]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    results = []
    for _ in range(2):
        subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, check=True, timeout=60)
        results.append((tmp_path / "answers.jsonl").read_text(encoding="utf-8"))
    assert results[0] == results[1]
    assert [json.loads(row)["prompt"] for row in results[0].splitlines()] == ["the cell", "a device"]
