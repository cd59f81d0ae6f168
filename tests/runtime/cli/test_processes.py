"""The `edgeword` line in a process of its own: closed pipes, full disks, encodings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgeword.cli.main
import edgeword.cli.options
from tests.runtime.cli.lines import one_line, own_lines, process


def test_bad_usage_in_a_process_is_one_line_too(window_bundle):
    """The engine itself must not have spoken yet."""
    done = process("generate", window_bundle, "the", "--decode", "step")
    assert done.returncode == 2
    assert one_line(done.stderr.decode())


def test_the_module_is_a_command():
    done = process("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == f"edgeword {edgeword.__version__}\n"


CLOSED = {
    "help": ["--help"],
    "help of a command": ["generate", "--help"],
    "info": ["info", "STEP"],
    "stream": ["generate", "STEP", "the", "-n", "2000"],
    "one piece": ["generate", "STEP", "the", "-n", "20", "--no-stream"],
    "json": ["generate", "STEP", "the", "-n", "20", "--json"],
}


@pytest.mark.parametrize("words", CLOSED.values(), ids=CLOSED)
def test_a_reader_that_has_gone_is_no_error(step_bundle, words):
    reader, writer = os.pipe()
    os.close(reader)
    line = [
        sys.executable,
        "-m",
        "edgeword",
        *(str(step_bundle) if word == "STEP" else word for word in words),
    ]
    try:
        done = subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
    finally:
        os.close(writer)
    assert done.returncode == 0
    assert own_lines(done.stderr) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_is_one_line_and_exit_code_2(step_bundle, options):
    line = [sys.executable, "-m", "edgeword", "generate", str(step_bundle), "the", *options]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 2
    (own,) = own_lines(done.stderr)
    assert own.startswith("edgeword: [Errno 28]")


def test_bytes_of_the_line_that_are_not_utf8(step_bundle):
    line = [sys.executable.encode(), b"-m", b"edgeword", b"generate", os.fsencode(step_bundle), b"caf\xe9"]
    done = subprocess.run(line, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert own_lines(done.stderr) == ["edgeword: the prompt is not UTF-8 (at 3); convert it with iconv"]
