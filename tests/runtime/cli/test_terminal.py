"""Nothing that a bundle, a path or a package says steers the terminal; what is to be run next can be pasted."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword import Tokenizer
from edgeword.cli.main import main
from edgeword.cli.terminal import escaped, quoted
from edgeword.records import json_text
from tests import tiny
from tests.runtime.changed import edit_manifest, replace_file

# Clears the screen; C1's own way to begin that; right to left; three ends of a line.
HOSTILE = "\x1b[2J\x9b2J\u202e\u2066\x85\u2028\r"
STEERING = [chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x202E, 0x2028, 0x2029, 0x2066)]


def is_calm(shown: str) -> bool:
    return not any(character in shown for character in STEERING if character != "\n")


@given(st.text(st.characters()))
def test_what_is_shown_has_no_character_that_steers(text):
    shown = escaped(text)
    assert is_calm(shown)
    assert "\n" not in shown
    shown.encode("utf-8")
    assert escaped(shown) == shown


@pytest.mark.parametrize("text", ["plain", "café", "ไทย", "می\u200cخواهم", "👩\u200d💻", "a b\u00a0c"])
def test_what_people_write_stays(text):
    assert escaped(text) == text


def test_how_it_is_spelled():
    assert escaped("a\x1b[2J\x9b\u202e\n\udc80") == "a\\x1b[2J\\x9b\\u202e\\n\\udc80"
    assert escaped("a\nb\tc\x1b", keep="\n\t") == "a\nb\tc\\x1b"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_means_the_same_and_has_no_raw_control(text):
    line = json_text({"text": text})
    assert json.loads(line) == {"text": text}
    assert is_calm(line.replace("\x7f", ""))


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\0")), min_size=1, max_size=3))
def test_next_can_be_pasted_into_a_shell(words):
    said = run_in_bash(quoted("printf", "%s\\0", *words))
    assert said.split("\0")[:-1] == words


def run_in_bash(line: str) -> str:
    return subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout.decode()


@pytest.fixture
def hostile(bundle):
    """A bundle whose name, date, reason and words are hostile."""

    def edit(data):
        data.update(name=HOSTILE, created=HOSTILE, edgeword_version=HOSTILE)
        data["proof"]["reason"] = HOSTILE
        data["convention"]["text"] = HOSTILE

    vocabulary = tuple(word and f"{word}{HOSTILE}" for word in tiny.TOKENIZER.vocabulary)
    replace_file(bundle, "tokenizer.json", Tokenizer(vocabulary).to_json().encode())
    edit_manifest(bundle, edit)
    return bundle


LINES = {
    "info": ["info", "BUNDLE"],
    "info as JSON": ["info", "BUNDLE", "--json"],
    "generate": ["generate", "BUNDLE", "the", "--no-stream"],
    "generate, streaming": ["generate", "BUNDLE", "the"],
    "generate as JSON": ["generate", "BUNDLE", "the", "--json"],
    "suggest": ["suggest", "BUNDLE", "the"],
    "suggest as JSON": ["suggest", "BUNDLE", "the", "--json"],
    "verify": ["verify", "BUNDLE"],
    "another decode mode": ["generate", "BUNDLE", "the", "--decode", "window"],
    "pack": ["pack", "BUNDLE", f"BUNDLE{HOSTILE}"],
    "no bundle": ["info", f"/nowhere/{HOSTILE}"],
    "no command": [HOSTILE],
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_no_command_lets_a_hostile_bundle_through(hostile, capsys, line):
    (hostile / f"un{HOSTILE}listed").touch()
    main([word.replace("BUNDLE", str(hostile)) for word in line])
    printed = capsys.readouterr()
    assert printed.out + printed.err
    assert is_calm(printed.out)
    assert is_calm(printed.err)


def test_a_prompt_without_end_is_refused(step_bundle):
    line = [sys.executable, "-m", "edgeword", "generate", str(step_bundle)]
    with open("/dev/zero", "rb") as endless:  # noqa: PTH123 (a device)
        done = subprocess.run(line, stdin=endless, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the prompt is longer than 1048576 bytes" in done.stderr
