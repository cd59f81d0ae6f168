"""A machine whose locale says ASCII: every command takes and says words, prompts and paths that are not.

`make locales` runs each line in a process of its own, and those that take minutes too.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from edgeword.cli import terminal
from edgeword.input_files import legible, writable
from tests import tiny
from tests.runtime.changed import edit_manifest, replace_file

ALL = os.environ.get("EDGEWORD_LOCALES") == "all"
# Words of two, three and four bytes in UTF-8, and of one in Latin-1.
WORDS = tuple(f"{letter}{number}" for number in range(14) for letter in ("é", "語", "😀"))
PROMPT = f"{WORDS[3]} {WORDS[4]} {WORDS[5]} naïf"

# Run one after the other in one folder.
LINES = {
    "generate": ["generate", "modèle", PROMPT, "-n", "4"],
    "generate, not in the vocabulary": ["generate", "modèle", "naïf", "--no-stream", "-n", "3"],
    "generate as JSON": ["generate", "modèle", PROMPT, "--json", "-n", "4"],
    "lists of words": ["generate", "modèle", PROMPT, "--allow", "été.txt", "--deny", "gelé.txt", "--stop", "語4"],
    "suggest": ["suggest", "modèle", PROMPT, "-k", "5"],
    "suggest by a prefix": ["suggest", "modèle", PROMPT, "--prefix", "é1"],
    "suggest nothing": ["suggest", "modèle", PROMPT, "--prefix", "ñandú"],
    "suggest as JSON": ["suggest", "modèle", PROMPT, "--prefix", "😀", "--json"],
    "evaluate": ["evaluate", "modèle", "texte-é.txt", "--engine", "onnx"],
    "evaluate as JSON": ["evaluate", "modèle", "texte-é.txt", "--json", "--engine", "onnx"],
    "bulk": ["bulk", "modèle", "demandé.jsonl", "--out", "reçu.jsonl"],
    "bulk into a file that is there": ["bulk", "modèle", "demandé.jsonl", "--out", "reçu.jsonl"],
    "info": ["info", "modèle"],
    "info as JSON": ["info", "modèle", "--json"],
    "pack": ["pack", "modèle", "modèle.edgeword"],
    "unpack": ["unpack", "modèle.edgeword", "--out", "déplié"],
    "sign": ["sign", "déplié", "--key", "clé", "--release", "3"],
    "a trusted key": ["verify", "déplié", "--trusted-key", "publiée"],
    "another key": ["generate", "modèle.edgeword", PROMPT, "--trusted-key", "publiée"],
    "no bundle": ["generate", "où", PROMPT],
    "no key": ["sign", "modèle", "--key", "où"],
    "no text": ["evaluate", "modèle", "où\u202e.txt"],
    "no result": ["benchmark", "--from", "où"],
    "no choice": ["generate", "modèle", PROMPT, "--engine", "célère"],
    "no command": ["générer"],
    "bytes that are no text": ["suggest", "modèle", "caf\udce9"],
    "bytes that are no text in a path": ["info", "caf\udce9"],
    "doctor": ["doctor"],
    "help": ["generate", "--help"],
    "the commands": ["--help"],
}
LONG_LINES = {
    "bulk by workers": ["bulk", "modèle", "demandé.jsonl", "--out", "à deux.jsonl", "--workers", "2"],
    "benchmark": ["benchmark", "modèle", "--json", "mesuré.json", "--engine", "onnx", "--precision", "float32"],
    "a result": ["benchmark", "--from", "mesuré.json"],
    "two results": ["benchmark", "--compare", "mesuré.json", "mesuré.json"],
    "train": ["train", "texte-é.txt", "--out", "entraîné", "--epochs", "1", "--units", "8", "--vocab-size", "20"],
    "export": ["export", "entraîné", "--out", "exporté", "--precisions", "float32", "--eval", "texte-é.txt"],
    "what was exported": ["generate", "exporté", PROMPT, "-n", "3"],
}
LOCALES = {
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""},
    "C, ASCII asked for": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
}
# Each line in turn, as it comes from the system; `+` stands between them.
DRIVER = """
import sys
from edgeword.cli.main import main
from edgeword.cli.terminal import settle

settle(sys.stdout, sys.stderr)
line = []
for word in [*sys.argv[1:], "+"]:
    if word != "+":
        line.append(word)
        continue
    code, line = main(line), []
    print(f"+{code}", flush=True)
    print("+", file=sys.stderr, flush=True)
"""


@pytest.fixture(scope="module")
def made(step_bundle, tmp_path_factory):
    """A folder of files whose names and words are not in ASCII. Copy it, never write it."""
    folder = tmp_path_factory.mktemp("fichiers") / "préparé"
    bundle = shutil.copytree(step_bundle, folder / "modèle")
    tokenizer = dataclasses.replace(
        tiny.TOKENIZER, vocabulary=(*WORDS[: len(tiny.TOKENIZER.vocabulary) - 1], "ô"), oov_token=WORDS[0], filters=""
    )
    replace_file(bundle, "tokenizer.json", tokenizer.to_json().encode("utf-8"))
    edit_manifest(bundle, lambda data: data.update(name="modèle 語"))
    key = Ed25519PrivateKey.generate()
    text = "".join(f"{first} {second} {PROMPT}\n" for first in WORDS[5:20] for second in WORDS[5:20])
    files = {
        "été.txt": "\n".join(WORDS[5:30]).encode(),
        "gelé.txt": WORDS[7].encode(),
        "texte-é.txt": text.encode(),
        "demandé.jsonl": "".join(json.dumps({"prompt": word, "clé": "é"}) + "\n" for word in WORDS[:5]).encode(),
        "clé": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "publiée": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def alike(text: str) -> list[str]:
    """Lines without what differs from run to run: times, engines' own lines."""
    lines = [line for line in text.splitlines() if not line.startswith("INFO: ")]
    return [re.sub(r"\d[\d.,e+-]*", "#", line) for line in lines]


@pytest.fixture(scope="module")
def expected(made, tmp_path_factory):
    """What each line answers where the locale is UTF-8: code, standard output, standard error."""
    folder = shutil.copytree(made, tmp_path_factory.mktemp("utf8") / "ici")
    return answers(folder, LINES, {"PYTHONUTF8": "1", "PYTHONIOENCODING": ""})


def answers(folder, lines, environment):
    """Of a process in a folder: for each line its code, standard output and standard error, as bytes."""
    words = [word for line in lines.values() for word in ("+", *line)][1:]
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *map(os.fsencode, words)],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", **environment},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    outs = re.findall(rb"(.*?)\+(\d+)\n", done.stdout, re.DOTALL)
    errors = done.stderr.split(b"+\n")
    return {name: (int(code), out, error) for name, (out, code), error in zip(lines, outs, errors, strict=False)}


@pytest.mark.parametrize("locale", LOCALES.values(), ids=LOCALES)
def test_a_locale_that_says_ascii_changes_nothing(locale, made, expected, tmp_path):
    """What is written is UTF-8; where ASCII was asked for, the same text escaped as in JSON."""
    folder = shutil.copytree(made, tmp_path / "là")
    found = answers(folder, LINES, locale)
    terminal.settle()
    assert found.keys() == LINES.keys() == expected.keys()
    for name, (code, *texts) in expected.items():
        wanted = [text.decode("utf-8") for text in texts]
        if locale["PYTHONIOENCODING"]:
            wanted = [text.encode("ascii", terminal.ESCAPING).decode("ascii") for text in wanted]
        said = [text.decode("utf-8") for text in found[name][1:]]
        assert (name, found[name][0]) == (name, code)
        if name == "no choice":  # argparse shows the word as Python writes it
            assert [len(text.splitlines()) for text in said] == [0, 1]
            continue
        assert [alike(text) for text in said] == [alike(text) for text in wanted], name
    bulk = (folder / "reçu.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["prompt"] for line in bulk.splitlines()] == list(WORDS[:5])


def test_the_lines_say_what_they_should(expected):
    codes = {name: code for name, (code, _, _) in expected.items()}
    failing = {name for name, code in codes.items() if code == 2}
    assert {name for name in LINES if name.startswith(("no ", "bytes "))} < failing
    assert codes["another key"] == 1
    assert failing - {"bulk into a file that is there"} == {n for n in LINES if n.startswith(("no ", "bytes "))}
    for name, (code, _, error) in expected.items():
        own = alike(error.decode("utf-8"))
        assert len(own) <= 1, name
        assert code in (0, 1) or own[0].startswith("edgeword: "), name
    data = json.loads(expected["generate as JSON"][1])
    assert data["prompt"] == PROMPT
    assert set(data["words"]) <= set(WORDS)
    assert "où" in expected["no bundle"][2].decode("utf-8")
    assert r"où\u202e.txt" in expected["no text"][2].decode("utf-8")


@pytest.mark.skipif(not ALL, reason="make locales")
@pytest.mark.parametrize("locale", LOCALES.values(), ids=LOCALES)
def test_every_line_in_a_process_of_its_own(locale, made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "là")
    for name, line in {**LINES, **LONG_LINES}.items():
        done = subprocess.run(
            [sys.executable, "-m", "edgeword", *map(os.fsencode, line)],
            cwd=folder,
            env={**os.environ, **locale},
            capture_output=True,
            check=False,
            timeout=600,
        )
        fails = name.startswith(("no ", "bytes ")) or name == "bulk into a file that is there"
        said = done.stderr.decode("utf-8")
        assert done.returncode == (1 if name == "another key" else 2 if fails else 0), (name, said)
        assert "Traceback" not in said, (name, said)
        assert done.stdout.isascii() or not locale["PYTHONIOENCODING"]


@given(st.text())
def test_what_came_as_utf8_is_read_as_utf8(text):
    """In the C locale each byte that is no ASCII comes as a surrogate of its own."""
    if not any(0xD800 <= ord(letter) < 0xE000 for letter in text):
        assert legible(text.encode("utf-8").decode("ascii", "surrogateescape")) == text
        assert legible(text) == writable(text) == text
    assert legible(writable(text).encode("utf-8").decode("utf-8")) == writable(text)


@given(st.text())
def test_what_is_escaped_is_json(text):
    terminal.settle()
    escaped = json.dumps(text, ensure_ascii=False).encode("ascii", terminal.ESCAPING)
    assert json.loads(escaped) == text or any(0xD800 <= ord(letter) < 0xE000 for letter in text)


def test_a_chosen_encoding_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    with (tmp_path / "out").open("w", encoding="latin-1") as out:
        terminal.settle(out)
        terminal.show("é 語 😀", to=out)
    assert (tmp_path / "out").read_bytes() == b"\xe9 \\u8a9e \\ud83d\\ude00\n"
    with (tmp_path / "out").open("w", encoding="latin-1", errors="replace") as out:
        terminal.settle(out)
        terminal.show("é 語", to=out)
    assert (tmp_path / "out").read_bytes() == b"\xe9 ?\n"
