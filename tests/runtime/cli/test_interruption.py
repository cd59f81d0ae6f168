"""An interruption is heard however it was lost, and not in the middle of what is being written."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# What a command does that is interrupted, and what it says.
COMMANDS = {
    "lost in a destructor": """
class Lossy:
    def __del__(self):
        print("still here", flush=True)
        os.kill(os.getpid(), signal.SIGTERM)

Lossy()
while True:
    pass
""",
    "swallowed": """
try:
    os.kill(os.getpid(), signal.SIGINT)
    print("never")
except BaseException:
    print("still here")
while True:
    pass
""",
    "turned into a failure": """
try:
    os.kill(os.getpid(), signal.SIGINT)
except BaseException:
    print("still here")
    raise ValueError("the converter failed")
""",
    "put off": """
with interruption.deferred():
    os.kill(os.getpid(), signal.SIGHUP)
    print("still here")
while True:
    pass
""",
    "uttered twice": """
try:
    os.kill(os.getpid(), signal.SIGINT)
finally:
    os.kill(os.getpid(), signal.SIGTERM)
    print("still here")
""",
}


@pytest.mark.parametrize("body", COMMANDS.values(), ids=COMMANDS)
def test_an_interruption_ends_a_command_in_one_line(body):
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    code = (
        "import os, signal, sys\nfrom edgeword import interruption\nfrom edgeword.cli import main\n"
        f"def run(_words):\n{lines}\nmain._run = run\nmain.entry()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "still here\n", "edgeword: interrupted\n")


def test_handlers_are_given_back():
    from edgeword.cli.main import main

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    assert main(["--version"]) == 0
    assert {number: signal.getsignal(number) for number in before} == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
